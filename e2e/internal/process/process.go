// Package process runs programs as children that end with this process,
// however it ends, and turns their faults into errors a person can act on.
package process

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"sync"
	"syscall"
)

// A Command describes a program that runs until the group ends.
type Command struct {
	Name string // names the process in errors and its log file
	Path string
	Args []string
	// Env is added to the variables [OfMachine] and HOME, which is the home of
	// the group. It gets no others.
	Env []string
	Dir string // the working directory; empty for the home of the group
	// ReadyLine is what the program prints when it is ready. Without it, and
	// without NotifiesReady, it counts as ready once started.
	ReadyLine *regexp.Regexp
	// NotifiesReady says that the program tells its readiness by sd_notify(3).
	NotifiesReady bool
}

// A Process is a running Command.
type Process struct {
	name   string
	cmd    *exec.Cmd
	log    *log
	ready  chan struct{}
	exited chan struct{}
	err    error // how it exited; to be read after exited is closed
	// stopped says that its end is wanted. The group's mu guards it.
	stopped bool
}

// A Group holds processes that live and end together. When one of them ends
// by itself, the group's context is cancelled with an error that tells which,
// how, and the end of its log.
type Group struct {
	ctx      context.Context
	cancel   context.CancelCauseFunc
	logs     string
	home     string
	lifeline *os.File

	mu        sync.Mutex
	closed    bool
	crash     error // of the first process that ended by itself
	processes []*Process
}

// NewGroup makes an empty group that writes a log file for each process into
// the folder logs. In it is an empty folder too, which is the home of them all
// and where they work: programs look in both for files of the user's, such as
// ~/.docker/config.json. Each process inherits lifeline, so that its reader sees
// the end of file when all of them are gone; nil means none.
func NewGroup(ctx context.Context, logs string, lifeline *os.File) (*Group, error) {
	logs, err := filepath.Abs(logs)
	if err != nil {
		return nil, fmt.Errorf("finding the folder for logs: %w", err)
	}
	home := filepath.Join(logs, "home")
	if err := os.MkdirAll(home, 0o700); err != nil {
		return nil, fmt.Errorf("making the folder for logs: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	return &Group{ctx: ctx, cancel: cancel, logs: logs, home: home, lifeline: lifeline}, nil
}

// Context is cancelled when a process of the group ends by itself or the
// group is closed; [context.Cause] tells why.
func (g *Group) Context() context.Context { return g.ctx }

// Start starts c and returns when it has been started, not when it is ready.
func (g *Group) Start(c Command) (*Process, error) {
	output, err := newLog(filepath.Join(g.logs, c.Name+".log"), c.ReadyLine)
	if err != nil {
		return nil, fmt.Errorf("starting %s: %w", c.Name, err)
	}
	p := &Process{name: c.Name, log: output, ready: output.matched, exited: make(chan struct{})}
	p.cmd = exec.Command(c.Path, c.Args...)
	p.cmd.Env = slices.Concat(OfMachine.Environment(), []string{"HOME=" + g.home}, c.Env)
	p.cmd.Dir = cmp.Or(c.Dir, g.home)
	p.cmd.SysProcAttr = endsWithParent()
	if g.lifeline != nil {
		p.cmd.ExtraFiles = []*os.File{g.lifeline}
	}
	if c.NotifiesReady {
		notification, err := listenForReady(c.Name)
		if err != nil {
			return nil, errors.Join(fmt.Errorf("starting %s: %w", c.Name, err), output.close())
		}
		p.cmd.Env = append(p.cmd.Env, "NOTIFY_SOCKET="+notification.address)
		p.ready = notification.received
		defer func() { go notification.closeAfter(p.exited) }()
	} else if c.ReadyLine == nil {
		p.ready = closedChannel()
	}
	if err := g.run(p); err != nil {
		close(p.exited)
		return nil, errors.Join(fmt.Errorf("starting %s: %w", c.Name, err), output.close())
	}
	return p, nil
}

// run starts p and watches over it. The thread that starts a process has to
// live as long as the process: its death is what the kernel takes for the
// parent's (prctl(2), PR_SET_PDEATHSIG).
func (g *Group) run(p *Process) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return context.Cause(g.ctx)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		return err
	}
	p.cmd.Stdout, p.cmd.Stderr = writer, writer
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := p.cmd.Start()
		// The child has its own copy; ours would keep the pipe from ending.
		err = errors.Join(err, writer.Close())
		started <- err
		if err != nil {
			return
		}
		g.watch(p, reader)
	}()
	if err := <-started; err != nil {
		return errors.Join(err, reader.Close())
	}
	g.processes = append(g.processes, p)
	return nil
}

// watch keeps the log of p and waits for its end.
func (g *Group) watch(p *Process, output io.ReadCloser) {
	copied := make(chan struct{})
	go func() {
		p.log.copy(output)
		close(copied)
	}()
	exit := p.cmd.Wait()
	// A child of its own would keep the pipe open. An error says that there
	// is none.
	_ = killGroup(p.cmd.Process.Pid)
	<-copied
	p.err = fmt.Errorf("%s ended: %s%s", p.name, exitText(exit), p.log.end())
	if err := errors.Join(output.Close(), p.log.close()); err != nil {
		p.err = fmt.Errorf("%w\nkeeping its log: %w", p.err, err)
	}
	g.ended(p)
}

func exitText(exit error) string {
	if exit == nil {
		return "exit status 0"
	}
	return exit.Error()
}

// WaitReady returns when p is ready, or with the reason why that can't be
// waited for any longer and the end of p's log.
func (p *Process) WaitReady(ctx context.Context) error {
	select {
	case <-p.ready:
		return nil
	case <-p.exited:
		return p.err
	case <-ctx.Done():
		select {
		case <-p.exited:
			return p.err // which is why the context is done
		default:
		}
		return p.Explain(fmt.Errorf("waiting for %s to be ready: %w", p.name, context.Cause(ctx)))
	}
}

// Explain adds the end of p's log to an error.
func (p *Process) Explain(err error) error {
	return fmt.Errorf("%w%s", err, p.log.end())
}

// Close ends all processes, the newest first, and returns when they are gone.
// They are killed: what they would save at a gentle end is thrown away with
// the run, and the API server takes a minute to end gently.
func (g *Group) Close() {
	g.mu.Lock()
	g.closed = true
	g.cancel(errors.New("the run has ended"))
	processes := g.processes
	g.mu.Unlock()
	for i := len(processes) - 1; i >= 0; i-- {
		p := processes[i]
		// An error says that it is gone already.
		_ = p.cmd.Process.Kill()
		<-p.exited
	}
}

// Stop ends p, which is no crash then, and returns when it is gone. It gets
// SIGTERM, and SIGKILL if ctx ends before it has.
func (g *Group) Stop(ctx context.Context, p *Process) error {
	g.mu.Lock()
	p.stopped = true
	g.mu.Unlock()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping %s: %w", p.name, err)
	}
	select {
	case <-p.exited:
		return nil
	case <-ctx.Done():
		// An error says that it is gone after all.
		_ = p.cmd.Process.Kill()
		<-p.exited
		return fmt.Errorf("stopping %s: %w", p.name, context.Cause(ctx))
	}
}

// Crash returns the error of the first process that has ended by itself; nil
// if there is none. After Close it also knows of one whose end came too late
// to be noticed before: what it did to another can be seen sooner.
func (g *Group) Crash() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.crash
}

// ended records that p has ended, and cancels the group if nobody asked for
// it.
func (g *Group) ended(p *Process) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p.stopped {
		close(p.exited)
		return
	}
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	killed := ok && status.Signaled() && status.Signal() == syscall.SIGKILL
	if g.crash == nil && !(g.closed && killed) {
		g.crash = p.err
	}
	close(p.exited)
	g.cancel(p.err)
}

func closedChannel() chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}
