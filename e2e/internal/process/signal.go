package process

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Expect makes the end of p no crash of the group from now on: whoever waits for
// it knows what to do then.
func (g *Group) Expect(p *Process) {
	g.mu.Lock()
	defer g.mu.Unlock()
	p.stopped = true
}

// Kill ends p by SIGKILL, which is no crash then, and returns when it is gone.
func (g *Group) Kill(p *Process) {
	g.Expect(p)
	// An error says that it is gone already.
	_ = p.cmd.Process.Kill()
	<-p.exited
}

// Exited is closed when p is gone.
func (p *Process) Exited() <-chan struct{} { return p.exited }

// Pause stops p in the middle of what it does: its connections stay open, and
// are answered by nobody.
func (p *Process) Pause() error { return p.signal(syscall.SIGSTOP) }

// Resume lets p go on after [Process.Pause]. One that is gone needs none.
func (p *Process) Resume() error {
	err := p.signal(syscall.SIGCONT)
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

func (p *Process) signal(signal syscall.Signal) error {
	if err := p.cmd.Process.Signal(signal); err != nil {
		return fmt.Errorf("sending %s the signal %q: %w", p.name, signal, err)
	}
	return nil
}
