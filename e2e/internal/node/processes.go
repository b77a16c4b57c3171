package node

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Processes are the names of the processes of this program that a node is made
// of. A program that uses this package has to call [RunProcess] when it is
// started with one of them for its first argument, and two in all.
var Processes = []string{frontName, keeperName, initName, supervisorName, probeName}

// RunProcess does what the process with that name is for, for the node in dir.
// Unless it fails it returns at the node's end.
func RunProcess(name, dir string) error {
	if name != frontName {
		// These end with the node, not by a signal. They catch it instead of
		// ignoring it, which what they start would inherit.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	}
	switch name {
	case frontName:
		return runFront(dir)
	case keeperName:
		return runKeeper(dir)
	case initName:
		return runInit(dir)
	case supervisorName:
		return runSupervisor(dir)
	case probeName:
		return runProbe()
	}
	return fmt.Errorf("unknown process %q of a node", name)
}
