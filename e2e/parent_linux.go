package main

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// endWithGoRun ends this run as Ctrl-C would when the go command that started
// it is killed: nobody could end it from a terminal any more.
func endWithGoRun() {
	parent := os.Getppid()
	program, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", parent))
	if err != nil || filepath.Base(program) != "go" {
		return
	}
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(syscall.SIGTERM), 0, 0, 0); err != nil {
		return // an old kernel: the run then ends by itself
	}
	if os.Getppid() != parent { // it was killed meanwhile
		os.Exit(1)
	}
}
