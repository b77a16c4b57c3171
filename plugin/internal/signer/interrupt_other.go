//go:build !linux

package signer

import "syscall"

// parentDeath isn't sent here: where notation dies without a signal to its
// group, the plugin ends by its deadline.
const parentDeath = syscall.SIGUSR1

func watchParent() {}

// awaitReaderGone is for Linux. Elsewhere the plugin's deadline ends the signer.
func awaitReaderGone(int) bool { return false }
