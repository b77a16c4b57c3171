package node

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Main does what one of [Commands] says. Unless it fails it returns at the
// node's end.
func Main(command, dir string) error {
	if command != frontCommand {
		// These end with the node, not by a signal. They catch it instead of
		// ignoring it, which what they start would inherit.
		signal.Notify(make(chan os.Signal, 1), syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	}
	switch command {
	case frontCommand:
		return front(dir)
	case keeperCommand:
		return keep(dir)
	case initCommand:
		return initialise(dir)
	case supervisorCommand:
		return supervise(dir)
	case probeCommand:
		return probe()
	}
	return fmt.Errorf("unknown command %q", command)
}
