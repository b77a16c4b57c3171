package tools

import (
	"os/exec"
	"syscall"
)

// ownProcessGroup makes the end of cmd's context end all that cmd started,
// and the end of this process end cmd.
func ownProcessGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
}
