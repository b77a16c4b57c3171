package command

import (
	"fmt"
	"os"
	"testing"

	"container-signing/e2e/internal/node"
	"container-signing/e2e/internal/workspace"
)

// TestMain is the janitor of a session that a test has started though it
// shouldn't have: otherwise that would be these tests again.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == workspace.JanitorCommand {
		if err := workspace.Janitor(os.Args[2], node.Sweep); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	os.Exit(m.Run())
}
