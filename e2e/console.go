package main

import (
	"fmt"
	"io"
	"sync"
	"time"

	"container-signing/e2e/internal/report"
)

// A console shows the steps of a run, a line each with its time, and keeps
// them for the report.
type console struct {
	mu      sync.Mutex
	out     io.Writer
	started time.Time
	steps   []report.Step
}

func newConsole(out io.Writer) *console { return &console{out: out, started: time.Now()} }

// step tells the start of a step; the function it returns tells its end and
// hands its error on. Steps may overlap.
func (c *console) step(name string) func(error) error {
	start := time.Now()
	return func(err error) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		took := time.Since(start)
		c.steps = append(c.steps, report.Step{
			Name: name, Started: start, Seconds: took.Seconds(), Error: text(err),
		})
		mark := " "
		if err != nil {
			mark = "✗"
		}
		fmt.Fprintf(c.out, "%s %6.2f s  %s\n", mark, took.Seconds(), name)
		return err
	}
}

// trace shows a command line that a step runs.
func (c *console) trace(command string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(c.out, "           $ %s\n", command)
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// do runs f as a step.
func (c *console) do(name string, f func() error) error {
	return c.step(name)(f())
}
