package signer

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"

	"container-signing/internal/hint"
)

const (
	// maxStderr is how many bytes are kept of the end of the signer's stderr.
	maxStderr = 4 << 10
	// drainTime is how long a process that the signer left behind may hold its
	// stdout or stderr open: a shell's >(…) may print a little after its script.
	drainTime = time.Second
)

// guarded is a signer under its guard, as the plugin sees it.
type guarded struct {
	cmd            *exec.Cmd
	kill           context.CancelFunc
	report         *os.File
	stdout, stderr *reader
}

// start starts the guard, which starts the signer. The order of ExtraFiles is
// the guard's: lifeline, then report.
func start(path string, command Command, deadline time.Time) (_ *guarded, err error) {
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
	cmd.Env = append(os.Environ(), command.environment(deadline)...)
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
		return g.overflowError()
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
		return g.overflowError()
	}
	return result
}

func (g *guarded) overflowError() error {
	return hint.Add(fmt.Errorf("the signer printed more than %d bytes on stdout", g.stdout.limit),
		"print the raw signature only, and messages on stderr")
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
