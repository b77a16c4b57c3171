// Package session gives each command that runs programs what it needs for
// that: a temporary folder, a group of processes, the tools, and a console that
// shows the steps. All of it is gone when the command ends, however it ends.
package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"container-signing/e2e/internal/console"
	"container-signing/e2e/internal/process"
	"container-signing/e2e/internal/workspace"
	"container-signing/internal/hint"
	"container-signing/tools"
)

// Settings are what a person can choose about any command.
type Settings struct {
	// Timeout is when a step is given up.
	Timeout time.Duration
	// Verbose shows the command lines of the tools.
	Verbose bool
}

// A Session is what a command has while it runs.
type Session struct {
	Dir       string // of everything, gone afterwards
	Programs  tools.Programs
	Processes *process.Group
	Console   *console.Console

	settings Settings
	space    *workspace.Workspace
}

// ErrConcluded is wrapped by errors that say how a command ended which has done
// all that it had to do.
var ErrConcluded = errors.New("not all is as expected")

// Run calls do with a session, ends all processes after it, and returns the
// cause of its error: a process that has crashed rather than what its end made
// of the others.
func Run(
	ctx context.Context, settings Settings, programs tools.Programs, do func(context.Context, *Session) error,
) (err error) {
	space, err := workspace.New()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, space.Close()) }()
	processes, err := process.NewGroup(ctx, filepath.Join(space.Dir, "logs"), space.Lifeline)
	if err != nil {
		return err
	}
	s := &Session{
		Dir: space.Dir, Programs: programs, Processes: processes, Console: console.New(processes.Context(), os.Stdout),
		settings: settings, space: space,
	}
	defer s.Console.Close()
	return s.end(do(processes.Context(), s))
}

// end ends all processes and returns the cause of err.
func (s *Session) end(err error) error {
	// What made the context end is the cause; what its end made of the steps
	// is only the consequence. The same goes for a process that has crashed
	// and whose end nobody has noticed yet.
	cause := context.Cause(s.Processes.Context())
	s.Processes.Close()
	if err == nil || errors.Is(err, ErrConcluded) {
		return err
	}
	if cause == nil {
		cause = s.Processes.Crash()
	}
	if cause == nil {
		cause = err
	}
	return s.space.Explain(cause)
}

// In names a file in the folder of the session.
func (s *Session) In(name string) string { return filepath.Join(s.Dir, name) }

// Tool makes a tool of a program. All that it leaves behind is waited for
// before the session's folder is removed.
func (s *Session) Tool(name string) process.Tool {
	tool := process.Tool{Path: s.Programs[name], Lifeline: s.space.Lifeline}
	if s.settings.Verbose {
		tool.Trace = s.Console.Trace
	}
	return tool
}

// Do runs a step that is given up after the session's timeout.
func (s *Session) Do(ctx context.Context, name string, f func(context.Context) error) error {
	return s.Console.Do(name, func() error {
		timeout := s.settings.Timeout
		ctx, cancel := context.WithTimeoutCause(ctx, timeout,
			hint.Add(fmt.Errorf("given up after %s", timeout), "--timeout takes another time"))
		defer cancel()
		return f(ctx)
	})
}

// Timeout is when a step is given up.
func (s *Session) Timeout() time.Duration { return s.settings.Timeout }
