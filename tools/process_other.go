//go:build !linux

package tools

import "os/exec"

// ownProcessGroup does nothing here: the end of cmd's context ends cmd alone.
func ownProcessGroup(*exec.Cmd) {}
