package console_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"container-signing/e2e/internal/console"
	"container-signing/e2e/internal/report"
	"container-signing/internal/hint"
)

var errBroken = errors.New("broken")

// newConsole returns a console, and what it has printed when it is closed,
// with "T" for each time.
func newConsole(t *testing.T) (*console.Console, func() string) {
	t.Helper()
	var out bytes.Buffer
	c := console.New(t.Context(), &out)
	return c, func() string {
		c.Close()
		return regexp.MustCompile(`[ \d]{2}\d\.\d\d s`).ReplaceAllString(out.String(), "T")
	}
}

func errorsOf(steps []report.Step) (all []string) {
	for _, step := range steps {
		all = append(all, step.Name+": "+step.Error)
	}
	return all
}

func checkSteps(t *testing.T, c *console.Console, want ...string) {
	t.Helper()
	if got := errorsOf(c.Steps()); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("the steps are %q, not %q", got, want)
	}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	before := time.Now()
	c, printed := newConsole(t)
	if err := c.Do("push", func() error { return nil }); err != nil {
		t.Errorf("a step that went well: %v", err)
	}
	failed := hint.Add(&fs.PathError{Op: "open", Path: "key", Err: fs.ErrNotExist}, "make a key")
	if err := c.Do("sign", func() error { return failed }); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the step's error became %v", err)
	}
	c.Trace("notation sign 'a b'")
	if got, want := printed(), "  T  push\n✗ T  sign\n           $ notation sign 'a b'\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	checkSteps(t, c, "push: ", "sign: open key: file does not exist\nhint: make a key")
	for _, step := range c.Steps() {
		if step.Started.Before(before) || step.Seconds < 0 || step.Seconds > time.Since(before).Seconds() {
			t.Errorf("%s began at %v and took %v s", step.Name, step.Started, step.Seconds)
		}
	}
	if c.Started().Before(before) || c.Started().After(c.Steps()[0].Started) {
		t.Errorf("the run began at %v", c.Started())
	}
}

// TestStepsAreCopies keeps a report from changing what the console keeps.
func TestStepsAreCopies(t *testing.T) {
	t.Parallel()
	c, printed := newConsole(t)
	defer printed()
	_ = c.Step("push")(nil)
	c.Steps()[0].Name = "changed"
	checkSteps(t, c, "push: ")
}

// TestCutShort has a failure be reported once: what else fails then is its
// consequence, what succeeds all the same isn't.
func TestCutShort(t *testing.T) {
	t.Parallel()
	c, printed := newConsole(t)
	cluster, push, sign := c.Step("cluster"), c.Step("push"), c.Step("sign")
	if err := sign(errBroken); !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	if err := cluster(context.Canceled); !errors.Is(err, context.Canceled) {
		t.Errorf("the error of what was cut short became %v", err)
	}
	_ = push(nil)
	if got, want := printed(), "✗ T  sign\n– T  cluster, cut short\n  T  push\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	checkSteps(t, c, "sign: broken", "push: ")
}

func TestCutShortByTheEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	c := console.New(ctx, &out)
	defer c.Close()
	sign := c.Step("sign")
	cancel()
	_ = sign(errBroken)
	checkSteps(t, c)
	_ = c.Step("tidy up")(nil)
	checkSteps(t, c, "tidy up: ")
}

// TestApart reports each failure.
func TestApart(t *testing.T) {
	t.Parallel()
	c, printed := newConsole(t)
	c.Apart()
	one, other := c.Step("one"), c.Step("other")
	_ = one(errBroken)
	_ = other(errBroken)
	if got := printed(); strings.Contains(got, "cut short") {
		t.Errorf("got %q", got)
	}
	checkSteps(t, c, "one: broken", "other: broken")
}

// TestManySteps runs steps side by side, some with the same name.
func TestManySteps(t *testing.T) {
	t.Parallel()
	c, printed := newConsole(t)
	c.Apart()
	var work sync.WaitGroup
	const many = 100
	for i := range many {
		work.Go(func() {
			_ = c.Do(fmt.Sprint("sign ", i%7), func() error {
				c.Note("one")
				c.HandleWarningHeader(299, "-", "deprecated")
				if i%2 == 0 {
					return errBroken
				}
				return nil
			})
		})
	}
	work.Wait()
	failed := 0
	for _, step := range c.Steps() {
		if step.Error != "" {
			failed++
		}
	}
	if len(c.Steps()) != many || failed != many/2 {
		t.Errorf("%d of %d steps, of which %d failed", len(c.Steps()), many, failed)
	}
	got := printed()
	if lines := strings.Count(got, "\n"); lines != 2*many+1 || strings.Count(got, "deprecated") != 1 {
		t.Errorf("%d lines in %s", lines, got)
	}
}

// TestHostile prints what others say: nothing of it reaches the terminal but
// what can be read.
func TestHostile(t *testing.T) {
	t.Parallel()
	const escape = "\x1b[2J\u202e\x07\x00\xff"
	c, printed := newConsole(t)
	_ = c.Step("sign registry/" + escape + "\nPASS  forged")(errBroken)
	c.Note(escape + "\nsecond line\r\n")
	c.HandleWarningHeader(299, "-", "unknown field"+escape)
	c.HandleWarningHeader(299, "-", "unknown field"+escape)
	c.HandleWarningHeader(299, "-", "")
	c.Say("no node: " + escape + "\nreally")
	want := "✗ T  sign registry/ [2J \uFFFD PASS forged\n" +
		"           note:  [2J   \uFFFD\n                 second line\n" +
		"           note: unknown field [2J   \uFFFD\n" +
		"no node:  [2J   \uFFFD\nreally\n"
	if got := printed(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := c.Steps()[0].Name; !strings.Contains(got, escape) {
		t.Errorf("the report's copy isn't what it was: %q", got)
	}
}

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	c, printed := newConsole(t)
	c.Close()
	c.Close()
	c.Note("afterwards")
	if got := printed(); got != "           note: afterwards\n" {
		t.Errorf("got %q", got)
	}
}
