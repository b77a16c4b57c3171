// Package signer runs an external program that makes a signature, and leaves
// nothing of it behind, however it behaves and whoever is killed.
//
// Between the plugin and the signer stands a guard: the plugin's own executable,
// started a second time. The plugin holds one end of a pipe, the lifeline, and
// the guard the other. When the lifeline closes, because the plugin is done or
// because it was killed, the guard ends the signer and all its descendants, which
// the kernel hands to it as they lose their parents: a signer that still runs is
// asked first, by a SIGTERM to its process group, so that it can take back what it
// has asked for elsewhere, and what is left after graceTime gets a SIGKILL. If the
// guard itself is killed, the signer is killed with it and the plugin does the rest.
//
// So Run returns within the signer's Timeout and graceTime; where the kernel doesn't
// let a process die, within another two times killTime.
package signer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

const (
	// maxStderr is how many bytes are kept of the end of the signer's stderr.
	maxStderr = 4 << 10
	// drainTime is how long a process that the signer left behind may hold its
	// stdout or stderr open: a shell's >(…) may print a little after its script.
	drainTime = time.Second
	// graceTime is how long a signer that is given up may take to end by itself
	// after SIGTERM. Whoever has pressed Ctrl-C doesn't wait longer gladly.
	graceTime = time.Second
	// killTime bounds the wait for killed processes to be gone. The kernel needs
	// milliseconds, unless one is stuck in a system call or belongs to root.
	killTime = 3 * time.Second
)

// Command is a signer and what it is given.
type Command struct {
	// Args are the program, an absolute path or one that PATH is searched for,
	// and its arguments.
	Args []string
	// Env is added to the plugin's own environment.
	Env []string
	// Stdin are the bytes that the signer reads. It need not read them all.
	Stdin []byte
	// MaxOutput is how many bytes it may print.
	MaxOutput int
	// Timeout is how long it may take. The signer finds the time at which it is
	// given up in DeadlineVariable.
	Timeout time.Duration
}

// DeadlineVariable is the environment variable that tells the signer its deadline,
// as Unix time: whole seconds, rounded down. In a shell that is arithmetic with
// date +%s, where RFC 3339 would need a parser.
const DeadlineVariable = "SIGNER_DEADLINE"

// Output is what a signer printed: all of its stdout, and the end of its stderr.
type Output struct {
	Stdout []byte
	Stderr string
}

// endedError is a context's cause, when the signer was ended because of it.
type endedError struct{ error }

// timeoutError is the cause of a context that ended because of a Timeout.
type timeoutError time.Duration

func (e timeoutError) Error() string {
	return fmt.Sprintf("the signer gave no answer within %v: see what it waits for, or raise the timeout (plugin config key timeout, environment variable EXTERNAL_TIMEOUT)", time.Duration(e))
}

// Run returns what the signer printed. When it returns, the signer and all its
// descendants are gone. Where ctx ends first, the error is an Interrupted one with
// ctx's cause. All errors are of type *Error.
func Run(ctx context.Context, command Command) (Output, error) {
	path, err := lookPath(command.Args[0])
	if err != nil {
		return Output{}, command.startError(err)
	}
	if err := adoptOrphans(); err != nil {
		return Output{}, command.failed(Failed, fmt.Errorf("preparing to run the signer: %w", err), "")
	}
	deadline := time.Now().Add(command.Timeout)
	command.Env = append(slices.Clone(command.Env), fmt.Sprintf("%s=%d", DeadlineVariable, deadline.Unix()))
	guarded, err := start(path, command)
	if err != nil {
		return Output{}, command.failed(Failed, fmt.Errorf("starting the plugin's guard process: %w", err), "")
	}
	ctx, cancel := context.WithDeadlineCause(ctx, deadline, timeoutError(command.Timeout))
	defer cancel()
	cause := guarded.wait(ctx)
	guarded.end()
	output := Output{guarded.stdout.content, guarded.stderr.tail()}
	if cause != nil {
		return Output{}, command.runError(cause, output.Stderr)
	}
	return output, nil
}

// guarded is a signer under its guard.
type guarded struct {
	cmd            *exec.Cmd
	kill           context.CancelFunc
	report         *os.File
	stdout, stderr *reader
}

// start starts the guard, which starts the signer. The order of ExtraFiles is
// the guard's: lifeline, then report.
func start(path string, command Command) (_ *guarded, err error) {
	var pipes [4][2]*os.File // stdout, stderr, lifeline, report
	defer func() {
		closeAll(pipes[0][1], pipes[1][1], pipes[2][0], pipes[3][1])
		if err != nil {
			closeAll(pipes[0][0], pipes[1][0], pipes[2][1], pipes[3][0])
		}
	}()
	for i := range pipes {
		if pipes[i][0], pipes[i][1], err = os.Pipe(); err != nil {
			return nil, err
		}
	}
	self, err := executable()
	if err != nil {
		return nil, err
	}
	ctx, kill := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, self)
	cmd.Args = append([]string{os.Args[0], GuardCommand, path}, command.Args...)
	cmd.Env = append(os.Environ(), command.Env...)
	cmd.Stdin = bytes.NewReader(command.Stdin)
	cmd.Stdout, cmd.Stderr = pipes[0][1], pipes[1][1]
	cmd.ExtraFiles = []*os.File{pipes[2][0], pipes[3][1]}
	// In a group of its own the guard outlives a signal to the plugin's.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = pipes[2][1].Close
	cmd.WaitDelay = graceTime + killTime
	if err = cmd.Start(); err != nil {
		kill()
		return nil, err
	}
	return &guarded{cmd, kill, pipes[3][0],
		newReader(pipes[0][0], command.MaxOutput, false), newReader(pipes[1][0], maxStderr, true)}, nil
}

// wait returns nil once the signer has ended well and its output is whole, and
// otherwise why not.
func (g *guarded) wait(ctx context.Context) error {
	reports := make(chan error, 1)
	go func() { reports <- readReport(g.report) }()
	var result error
	select {
	case <-ctx.Done():
		return endedError{context.Cause(ctx)}
	case <-g.stdout.overflow:
		return g.stdout.overflowError()
	case result = <-reports:
	}
	drain, stop := context.WithTimeout(ctx, drainTime)
	defer stop()
	for _, reader := range []*reader{g.stdout, g.stderr} {
		select {
		case <-reader.done:
		case <-drain.Done():
		}
	}
	if result == nil && g.stdout.overflowed() {
		return g.stdout.overflowError()
	}
	return result
}

// end ends what is left and waits until it is gone. Its own failures would hide
// what the signer did, and there is nothing left to be done about them.
func (g *guarded) end() {
	g.kill()
	_ = g.cmd.Wait() // the guard's status says nothing about the signer
	ctx, cancel := context.WithTimeout(context.Background(), killTime)
	defer cancel()
	killDescendants(ctx)
	closeAll(g.report)
	g.stdout.close()
	g.stderr.close()
}

// report is what the guard says about the signer, once.
type report struct {
	// Errno is why the signer couldn't be started, or 0.
	Errno int
	// Status is the signer's wait status.
	Status uint32
}

// startErrno is why the signer couldn't be started.
type startErrno syscall.Errno

func (e startErrno) Error() string { return syscall.Errno(e).Error() }

func readReport(file *os.File) error {
	var r report
	if err := json.NewDecoder(file).Decode(&r); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("the plugin's guard process was killed, and the signer with it: run it again, and see who kills processes here")
		}
		return fmt.Errorf("reading the guard's report: %w", err)
	}
	if r.Errno != 0 {
		return startErrno(r.Errno)
	}
	switch status := syscall.WaitStatus(r.Status); {
	case status.Signaled():
		return fmt.Errorf("the signer was ended by signal %d (%v)", int(status.Signal()), status.Signal())
	case status.ExitStatus() != 0:
		return fmt.Errorf("the signer ended with exit status %d", status.ExitStatus())
	}
	return nil
}

// closeAll closes files that nothing was written to or that are read no more,
// so that an error of closing says nothing.
func closeAll(files ...*os.File) {
	for _, file := range files {
		if file != nil {
			_ = file.Close()
		}
	}
}
