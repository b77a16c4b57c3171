package node

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// The names of a node's processes: the first argument of this program, which is
// followed by the node's folder.
const (
	frontName      = "node-front"
	keeperName     = "node-keeper"
	initName       = "node-init"
	supervisorName = "node-supervisor"
	probeName      = "node-probe"
)

// The file descriptors that these processes inherit beside the standard ones.
const (
	// lifeline is the run's, for all that belongs to it.
	lifeline = 3
	// readiness is the pipe by which the supervisor tells the keeper that the
	// node is ready.
	readiness = lifeline + 1
)

// inherited returns the run's lifeline, if there is one, for the next process.
func inherited() ([]*os.File, error) {
	if _, err := unix.FcntlInt(lifeline, unix.F_GETFD, 0); err != nil {
		return nil, nil // started by hand
	}
	copied, err := unix.FcntlInt(lifeline, unix.F_DUPFD_CLOEXEC, lifeline+1)
	if err != nil {
		return nil, fmt.Errorf("handing on the lifeline: %w", err)
	}
	return []*os.File{os.NewFile(uintptr(copied), "lifeline")}, nil
}

// withoutReadiness is this process's environment for one that isn't to tell
// its own readiness as the node's.
func withoutReadiness() []string {
	var environment []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "NOTIFY_SOCKET=") {
			environment = append(environment, variable)
		}
	}
	return environment
}
