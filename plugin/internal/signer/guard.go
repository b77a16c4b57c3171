package signer

import (
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
	// The kernel kills the signer when the thread that started it ends.
	runtime.LockOSThread()
	// Where that fails, only the signer's process group can be killed.
	_ = adoptOrphans()
	children := make(chan os.Signal, 1)
	signal.Notify(children, syscall.SIGCHLD)
	pid, group, err := startSigner(args[0], args[1:])
	releaseStdio()
	if err != nil {
		return report{Errno: errnoOf(err)}.send(reports)
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
// so that the process ID of a child can't belong to another process by then.
func guard(pid, group int, children <-chan os.Signal, plugin <-chan struct{}, reports *os.File) int {
	running, killing := true, false
	closing := plugin
	var limit <-chan time.Time
	for {
		more := reap(func(child int, status syscall.WaitStatus) {
			if child == pid {
				running = false
				report{Status: uint32(status)}.send(reports)
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
			closing, limit = nil, time.After(0)
			if running {
				terminate(group)
				limit = time.After(graceTime)
			}
		case <-limit:
			if killing {
				return 1
			}
			killing, limit = true, time.After(killTime)
		}
	}
}

// releaseStdio gives up the guard's copies of the signer's pipes, so that they end
// when the signer ends.
func releaseStdio() {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	for fd := range 3 {
		if err != nil || dup(int(null.Fd()), fd) != nil {
			_ = syscall.Close(fd)
		}
	}
}

func isPipe(file *os.File) bool {
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeNamedPipe != 0
}
