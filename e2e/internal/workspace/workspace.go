// Package workspace gives a run its temporary folder, which is gone after the
// run however it ends.
package workspace

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"container-signing/internal/hint"
)

// JanitorCommand is the argument with which a program that uses this package
// has to call [Janitor] with the argument that follows.
const JanitorCommand = "janitor"

// A Workspace is a temporary folder that a janitor, a process of its own,
// removes when all that hold the lifeline are gone. Even SIGKILL of the run
// leaves nothing behind.
type Workspace struct {
	Dir string
	// Lifeline is to be inherited by all processes that write into the
	// folder.
	Lifeline *os.File

	janitor *exec.Cmd
}

// New makes the folder and starts the janitor, as this same program.
func New() (*Workspace, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	// The run's processes work elsewhere than this one: it has to be absolute.
	parent, err := filepath.Abs(os.TempDir())
	if err != nil {
		return nil, fmt.Errorf("finding the place of temporary folders: %w", err)
	}
	dir, err := os.MkdirTemp(parent, "container-signing-")
	if err != nil {
		return nil, hint.Add(fmt.Errorf("making a temporary folder: %w", err), "let TMPDIR name another place")
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making a pipe: %w", err), os.Remove(dir))
	}
	janitor := exec.Command(self, JanitorCommand, dir)
	janitor.Stdin, janitor.Stderr = reader, os.Stderr
	// A session of its own, out of reach of the terminal's signals.
	janitor.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := errors.Join(janitor.Start(), reader.Close()); err != nil {
		err = fmt.Errorf("starting the janitor of the temporary folder: %w", err)
		return nil, errors.Join(err, writer.Close(), os.Remove(dir))
	}
	return &Workspace{Dir: dir, Lifeline: writer, janitor: janitor}, nil
}

// Close lets go of the lifeline and returns when the folder is gone. All
// processes that hold the lifeline have to be gone already.
func (w *Workspace) Close() error {
	if err := errors.Join(w.Lifeline.Close(), w.janitor.Wait()); err != nil {
		return fmt.Errorf("removing the temporary folder %q: %w", w.Dir, err)
	}
	return nil
}

// Explain adds to an error that the folder's disk is nearly full, if it is: few
// programs say so well.
func (w *Workspace) Explain(err error) error {
	// The least that a run wants at once: etcd's log of writes.
	const least = 64 << 20
	var disk syscall.Statfs_t
	if syscall.Statfs(w.Dir, &disk) != nil {
		return err
	}
	if free := disk.Bavail * uint64(disk.Bsize); free < least {
		err = fmt.Errorf("%w\nthe disk of the temporary folder %q has only %d MB left", err, w.Dir, free>>20)
		return hint.Add(err, "free some space, or let TMPDIR name another place")
	}
	return err
}

// Janitor waits until nobody holds the lifeline any more, of which its
// standard input is the other end, and removes the folder dir. What else is to
// be tidied up then is left to sweep.
func Janitor(dir string, sweep func() error) error {
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	// Nothing is ever written to it: the read returns at the end of file.
	if _, err := os.Stdin.Read(make([]byte, 1)); err == nil {
		return fmt.Errorf("the janitor's lifeline carries data: it is no lifeline")
	}
	err := sweep()
	if removing := os.RemoveAll(dir); removing != nil {
		err = errors.Join(err, fmt.Errorf("removing the temporary folder: %w", removing))
	}
	return err
}
