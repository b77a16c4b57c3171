package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	shellquote "github.com/kballard/go-shellquote"
)

// A Tool is a program that is run for one answer, such as notation or oras.
type Tool struct {
	Path string
	// Inherits says what it gets of this process's environment; by default no
	// more than any program needs.
	Inherits Inheritance
	Env      []string // added to what it inherits
	Dir      string   // the working directory; empty for that of this process
	// Trace is told each command as one could paste it into a shell; nil if
	// nobody wants to know.
	Trace func(command string)
	// Asks says that the tool may ask a person at the terminal. It then stays in
	// the process group of this process: a terminal refuses to be read by others
	// than the one in the foreground. It has to end what it starts by itself.
	Asks bool
	// Lifeline is inherited by the tool and all that it starts, so that its
	// reader sees the end of file when they are gone; nil means none.
	Lifeline *os.File
}

// Run runs the tool and returns its standard output. An error holds the
// command as one could paste it into a shell, how it ended, and what it
// printed on standard error.
func (t Tool) Run(ctx context.Context, args ...string) (string, error) {
	command := t.command(args)
	if t.Trace != nil {
		t.Trace(command)
	}
	cmd := exec.CommandContext(ctx, t.Path, args...)
	cmd.Env, cmd.Dir = append(t.Inherits.Environment(), t.Env...), t.Dir
	cmd.SysProcAttr = ownGroup()
	cmd.SysProcAttr.Setpgid = !t.Asks
	if t.Lifeline != nil {
		cmd.ExtraFiles = []*os.File{t.Lifeline}
	}
	cmd.Cancel = func() error {
		if t.Asks {
			return cmd.Process.Kill()
		}
		return killGroup(cmd.Process.Pid)
	}
	// A program that left the group must not hold the pipes for ever.
	cmd.WaitDelay = 5 * time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if err == nil {
		return stdout.String(), nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	words := strings.TrimSpace(stderr.String())
	if words == "" {
		words = strings.TrimSpace(stdout.String())
	}
	return stdout.String(), &ToolError{Command: command, Words: words, Err: err}
}

// command renders what Run runs with args for a shell.
func (t Tool) command(args []string) string {
	var command strings.Builder
	if t.Dir != "" {
		command.WriteString("cd " + shellquote.Join(t.Dir) + " && ")
	}
	for _, variable := range t.Env {
		name, value, _ := strings.Cut(variable, "=")
		command.WriteString(name + "=" + shellquote.Join(value) + " ")
	}
	return command.String() + shellquote.Join(append([]string{t.Path}, args...)...)
}

// A ToolError is a tool's failure in its own words.
type ToolError struct {
	Command string // as one could paste it into a shell
	Words   string // what the tool printed
	Err     error  // how it ended
}

func (e *ToolError) Error() string {
	return fmt.Sprintf("%s\n    %s\n    %s", e.Err, e.Command, strings.ReplaceAll(e.Words, "\n", "\n    "))
}

func (e *ToolError) Unwrap() error { return e.Err }

// Words returns what a tool printed when it failed, or err's own text if err
// isn't a tool's failure.
func Words(err error) string {
	var failure *ToolError
	if errors.As(err, &failure) {
		return failure.Words
	}
	return err.Error()
}
