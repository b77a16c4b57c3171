//go:build !linux

package signer

import "syscall"

// parentDeath is sent by nobody here: where notation dies without a signal to
// its group, the plugin ends by its deadline.
const parentDeath = syscall.SIGUSR1

func watchParent() {}

// awaitReaderGone is for Linux. Elsewhere the plugin's deadline ends what nobody
// waits for.
func awaitReaderGone(int) bool { return false }
