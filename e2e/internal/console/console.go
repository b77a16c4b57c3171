// Package console shows the steps of a run as they come to their end, and
// keeps them for the report.
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
	"container-signing/internal/hint"
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
	running  []*report.Step
	steps    []report.Step
	failed   bool            // one of steps has
	apart    bool            // see Apart
	warnings map[string]bool // shown
}

// New returns a console that shows running steps of a run with the context ctx
// until it is closed.
func New(ctx context.Context, out io.Writer) *Console {
	c := &Console{ctx: ctx, line: terminal.NewLine(out, false), started: time.Now(), warnings: map[string]bool{}}
	c.line.Start(c.text)
	return c
}

// Close ends the display of running steps. What is printed afterwards stays
// below them.
func (c *Console) Close() { c.closing.Do(c.line.Stop) }

// Apart makes the failure of a step no business of the others: without it,
// what fails after the first failure counts as cut short by it.
func (c *Console) Apart() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.apart = true
}

// Started is when the run began.
func (c *Console) Started() time.Time { return c.started }

// Steps are those that have come to their end, in that order.
func (c *Console) Steps() []report.Step {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.steps)
}

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
	step := &report.Step{Name: name, Started: time.Now()}
	c.mu.Lock()
	c.running = append(c.running, step)
	c.mu.Unlock()
	c.line.Renew()
	return func(err error) error {
		cut := c.end(step, err)
		mark, end := " ", ""
		switch {
		case cut:
			mark, end = "–", ", cut short"
		case err != nil:
			mark = "✗"
		}
		c.line.Printf("%s %6.2f s  %s%s\n", mark, step.Seconds, terminal.OneLine(name), end)
		return err
	}
}

// end keeps a step that has come to its end, unless it was cut short.
func (c *Console) end(step *report.Step, err error) (cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	step.Seconds = time.Since(step.Started).Seconds()
	c.running = slices.DeleteFunc(c.running, func(s *report.Step) bool { return s == step })
	if err != nil && (c.failed && !c.apart || c.ctx.Err() != nil) {
		return true
	}
	if err != nil {
		step.Error, c.failed = hint.Text(err), true
	}
	c.steps = append(c.steps, *step)
	return false
}

// Do runs f as a step.
func (c *Console) Do(name string, f func() error) error { return c.Step(name)(f()) }

// Leave leaves the terminal to f, which may ask a person there: what is asked
// isn't overwritten.
func (c *Console) Leave(f func() error) error {
	c.line.Stop()
	defer c.line.Start(c.text)
	return f()
}

// Trace shows a command line that a step runs.
func (c *Console) Trace(command string) { c.line.Printf("           $ %s\n", command) }

// Note shows something that is no failure.
func (c *Console) Note(text string) {
	c.line.Printf("           note: %s\n", lines(text, "                 "))
}

// Say shows a line of its own.
func (c *Console) Say(text string) { c.line.Printf("%s\n", lines(text, "")) }

// lines takes from a text all but its line breaks that a terminal would obey,
// and indents what follows its first line.
func lines(text, indentation string) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	for i := range all {
		all[i] = strings.TrimRight(terminal.Printable(all[i]), " ")
	}
	return strings.Join(all, "\n"+indentation)
}

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
