package signer

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// GuardCommand is the first argument of the plugin's executable when it is
// started as a guard. It isn't a command of the plugin contract.
const GuardCommand = "guard-signer"

// The guard's file descriptors, in the order of the plugin's ExtraFiles.
const (
	lifelineFD = 3
	reportFD   = 4
)

// Guard is the main function of the guard. Its arguments are the signer's path
// and then its arguments, the program's name among them. It hands its own stdin,
// stdout, stderr and environment to the signer, and returns an exit status.
func Guard(args []string) int {
	lifeline, reports := os.NewFile(lifelineFD, "lifeline"), os.NewFile(reportFD, "report")
	if len(args) < 2 || !isPipe(lifeline) || !isPipe(reports) {
		return 2
	}
	syscall.CloseOnExec(lifelineFD)
	syscall.CloseOnExec(reportFD)
	// The signer is told of the death of the thread that started it.
	runtime.LockOSThread()
	// Without an adopter the signer's group is killed, though not what left it.
	_ = adoptOrphans()
	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	pid, group, err := startSigner(args[0], args[1:])
	letGoOfStdio()
	if err != nil {
		return send(reports, report{Errno: errnoOf(err)})
	}
	plugin := make(chan struct{})
	go func() {
		defer close(plugin)
		// Nothing is ever written: reading ends when the plugin closes or dies.
		_, _ = io.Copy(io.Discard, lifeline)
	}()
	return guard(pid, group, children, plugin, reports)
}

// guard reaps until no child is left. Once the plugin closes the lifeline it asks
// a signer that still runs to end, and kills what is left after graceTime; it gives
// up on what is still there killTime later. It signals and reaps in one goroutine,
// so that the ID of a child can't have been given away before the signal.
func guard(pid, group int, children <-chan os.Signal, plugin <-chan struct{}, reports *os.File) int {
	running, killing := true, false
	closing := plugin
	var patience <-chan time.Time
	for {
		more := reap(func(child int, status syscall.WaitStatus) {
			if child == pid {
				running = false
				send(reports, report{Status: uint32(status)})
			}
		})
		if !more {
			endGroup(group, plugin)
			return 0
		}
		if killing {
			kill(group)
		}
		select {
		case <-children:
		case <-closing:
			closing, patience = nil, time.After(0)
			if running {
				terminate(group)
				patience = time.After(graceTime)
			}
		case <-patience:
			if killing {
				return 1
			}
			killing, patience = true, time.After(killTime)
		}
	}
}

// killDescendants kills all descendants of this process and waits for them.
func killDescendants(ctx context.Context) {
	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	defer signal.Stop(children)
	for reap(func(int, syscall.WaitStatus) {}) {
		kill(0)
		select {
		case <-children:
		case <-ctx.Done():
			return
		}
	}
}

// reap collects the children that have ended, and reports whether there are more.
func reap(ended func(pid int, status syscall.WaitStatus)) (more bool) {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil)
		switch {
		case errors.Is(err, syscall.EINTR):
		case err != nil:
			return false
		case pid == 0:
			return true
		default:
			ended(pid, status)
		}
	}
}

// terminate asks the process group of the signer to end, or, where group is 0,
// every descendant: then the group is notation's. SIGCONT makes those listen that
// a signal has stopped. Whoever can't be signalled is killed later.
func terminate(group int) {
	targets := []int{-group}
	if group == 0 {
		targets = descendants(os.Getpid())
	}
	for _, target := range targets {
		_ = syscall.Kill(target, syscall.SIGTERM)
		_ = syscall.Kill(target, syscall.SIGCONT)
	}
}

// kill kills the process group of the signer, unless group is 0, and then every
// descendant. One that can't be killed is waited for like the others.
func kill(group int) {
	if group > 0 {
		_ = syscall.Kill(-group, syscall.SIGKILL)
	}
	for _, descendant := range descendants(os.Getpid()) {
		_ = syscall.Kill(descendant, syscall.SIGKILL)
	}
}

// letGoOfStdio lets the signer's pipes end when the signer ends.
func letGoOfStdio() {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	for fd := range 3 {
		if err != nil || dup(int(null.Fd()), fd) != nil {
			_ = syscall.Close(fd)
		}
	}
}

// send returns the exit status: 1 where the plugin couldn't be told.
func send(reports io.Writer, r report) int {
	if json.NewEncoder(reports).Encode(r) != nil {
		return 1
	}
	return 0
}

func errnoOf(err error) int {
	var errno syscall.Errno
	if errors.As(err, &errno) && errno != 0 {
		return int(errno)
	}
	return int(syscall.EINVAL)
}

func isPipe(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}
