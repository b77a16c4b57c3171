// Package console shows the steps of a run as they happen.
package console

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"container-signing/e2e/internal/report"
	"container-signing/internal/terminal"
)

// A Console shows the steps of a run, a line each with its time, below them on
// a terminal those that go on, and keeps them for the report.
type Console struct {
	ctx     context.Context // of the run
	line    *terminal.Line
	closing sync.Once
	started time.Time

	mu       sync.Mutex
	running  []report.Step
	steps    []report.Step
	failed   bool            // one of steps has
	apart    bool            // the failure of a step is none of the others' business
	warnings map[string]bool // shown
}

// New returns a console that shows running steps of a run with the
// context ctx until it is closed.
func New(ctx context.Context, out io.Writer) *Console {
	c := &Console{ctx: ctx, line: terminal.NewLine(out, false), started: time.Now(), warnings: map[string]bool{}}
	c.line.Start(c.text)
	return c
}

// Close ends the display of running steps.
func (c *Console) Close() { c.closing.Do(c.line.Stop) }

// Apart says that the failure of a step is none of the others' business.
func (c *Console) Apart() { c.apart = true }

// Steps are those that have ended.
func (c *Console) Steps() []report.Step {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.steps)
}

// Started is when the console was made.
func (c *Console) Started() time.Time { return c.started }

// text names the steps that go on.
func (c *Console) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for _, step := range c.running {
		names = append(names, step.Name)
	}
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("  %6.0f s  … %s", time.Since(c.started).Seconds(), strings.Join(names, "; "))
}

// Step tells the start of a step; the function it returns tells its end and
// hands its error on. Steps may overlap. One that is cut short by the end of
// the run or the failure of another has nothing to report.
func (c *Console) Step(name string) func(error) error {
	step := report.Step{Name: name, Started: time.Now()}
	c.mu.Lock()
	c.running = append(c.running, step)
	c.mu.Unlock()
	c.line.Renew()
	return func(err error) error {
		step.Seconds, step.Error = time.Since(step.Started).Seconds(), text(err)
		c.mu.Lock()
		c.running = slices.DeleteFunc(c.running, func(s report.Step) bool { return s.Name == name })
		cut := err != nil && (c.failed && !c.apart || c.ctx.Err() != nil)
		if !cut {
			c.steps = append(c.steps, step)
			c.failed = c.failed || err != nil
		}
		c.mu.Unlock()
		mark, end := " ", ""
		if cut {
			mark, end = "–", ", cut short"
		} else if err != nil {
			mark = "✗"
		}
		c.line.Printf("%s %6.2f s  %s%s\n", mark, step.Seconds, name, end)
		return err
	}
}

// Leave leaves the terminal to f, which may ask a person there: what is asked
// isn't overwritten.
func (c *Console) Leave(f func() error) error {
	c.line.Stop()
	defer c.line.Start(c.text)
	return f()
}

// Trace shows a command line that a step runs.
func (c *Console) Trace(command string) { c.line.Printf("           $ %s\n", command) }

// HandleWarningHeader shows once each warning that the API server attaches to
// its answers, such as of a deprecated kind. It implements
// [k8s.io/client-go/rest.WarningHandler].
func (c *Console) HandleWarningHeader(_ int, _ string, warning string) {
	c.mu.Lock()
	known := c.warnings[warning]
	c.warnings[warning] = true
	c.mu.Unlock()
	if !known && warning != "" {
		c.Note(warning)
	}
}

// Note shows something that is no failure.
func (c *Console) Note(text string) { c.line.Printf("           note: %s\n", text) }

// Say prints a line for good.
func (c *Console) Say(text string) { c.line.Printf("%s\n", text) }

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// Do runs f as a step.
func (c *Console) Do(name string, f func() error) error {
	return c.Step(name)(f())
}
