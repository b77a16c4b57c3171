package process

import "syscall"

// endsWithParent makes the kernel kill a child when the thread that started
// it ends, and keeps a terminal's Ctrl-C for this process alone.
func endsWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// ownGroup lets a tool and all that it starts be ended together. A tool whose
// parent dies is told so gently, since it has children of its own to end.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}

// killGroup kills all processes of the group that pid leads. It
// returns an error if there are none.
func killGroup(pid int) error { return syscall.Kill(-pid, syscall.SIGKILL) }
