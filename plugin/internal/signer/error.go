package signer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"unicode"

	"github.com/kballard/go-shellquote"

	"container-signing/internal/hint"
)

// Kind is what sort of failure an Error is.
type Kind int

const (
	// Failed is a signer that ran and didn't do its job.
	Failed Kind = iota
	// Unusable is a signer that isn't a program.
	Unusable
	// Denied is a signer that may not be executed.
	Denied
	// Timeout is a signer that took too long.
	Timeout
	// Interrupted is a signer that was ended because the plugin was told to end.
	Interrupted
)

// Error is a signer's failure. It reads as the cause, then the command as one
// can paste it into a shell, then the end of what the signer said.
type Error struct {
	Kind  Kind
	Args  []string
	Cause error
	// Stderr is the end of what the signer printed there.
	Stderr string
}

func (c Command) failed(kind Kind, cause error, stderr string) *Error {
	return &Error{kind, c.Args, cause, stderr}
}

// Rejected is the error of a signer that ran well and printed something else
// than was asked of it.
func (c Command) Rejected(cause error, output Output) *Error {
	return c.failed(Failed, cause, output.Stderr)
}

func (c Command) runError(cause error, stderr string) *Error {
	var errno startErrno
	var ended endedError
	switch {
	case errors.As(cause, &errno):
		return c.startError(syscall.Errno(errno))
	case !errors.As(cause, &ended):
		return c.failed(Failed, cause, stderr)
	case errors.As(ended.error, new(timeoutError)):
		return c.failed(Timeout, hint.Add(ended.error, "see what it waits for, or raise the timeout "+
			"(plugin config key timeout, environment variable EXTERNAL_TIMEOUT)"), stderr)
	default:
		return c.failed(Interrupted, ended.error, stderr)
	}
}

func (e *Error) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%v\n  command: %s", e.Cause, printable(shellquote.Join(e.Args...)))
	if stderr := strings.TrimSpace(printable(e.Stderr)); stderr != "" {
		fmt.Fprintf(&text, "\n  stderr: %s", strings.ReplaceAll(stderr, "\n", "\n    "))
	}
	return text.String()
}

func (e *Error) Unwrap() error { return e.Cause }

// printable makes a signer's words harmless to a terminal: control characters,
// which could move the cursor or hide text, become ?, and so do broken runes.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r == '\r':
			return -1
		case r == unicode.ReplacementChar, !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, text)
}

// startError says why the signer can't be started, and what to do.
func (c Command) startError(err error) *Error {
	name := c.Args[0]
	info, statErr := os.Stat(name)
	kind, advice := Unusable, "check the name"
	switch {
	case statErr == nil && info.IsDir():
		err, advice = syscall.EISDIR, "name the program in it"
	case errors.Is(err, syscall.ENOEXEC):
		advice = "it is neither a program for this machine nor a script whose first line names its interpreter: " +
			"begin a shell script with #!/bin/sh"
	case errors.Is(err, fs.ErrPermission):
		kind, advice = Denied, fmt.Sprintf("make it executable: chmod +x %s", printable(shellquote.Join(name)))
	case errors.Is(err, exec.ErrNotFound):
		advice = "write its path, and quote the path if there are spaces in it"
	case errors.Is(err, fs.ErrNotExist) && statErr == nil:
		advice = "the file is there, but not the interpreter that its first line names: " +
			"correct that line, and see that it doesn't end in a carriage return"
	case errors.Is(err, fs.ErrNotExist):
		advice = "a relative path starts at notation's working directory; quote the path if there are spaces in it"
	}
	return c.failed(kind, hint.Add(fmt.Errorf("starting signer %q: %w", name, rootCause(err)), "%s", advice), "")
}

// rootCause leaves out the operation and the path, which the message has.
func rootCause(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
