// Package nodetest lets tests have nodes: a test's own program that imports it
// can be any of the processes of a node, as e2e is. It is for tests alone.
package nodetest

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	"container-signing/e2e/internal/node"
	"container-signing/internal/hint"
)

// RequiredVariable is the environment variable that, set to 1, makes tests
// which need a node fail, instead of being skipped, where there can be none.
const RequiredVariable = "CONTAINER_SIGNING_REQUIRE_NODE"

// init takes over a program that has been started as a process of a node.
func init() {
	if len(os.Args) != 3 || !slices.Contains(node.Processes, os.Args[1]) {
		return
	}
	if err := node.RunProcess(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, hint.Text(err))
		os.Exit(1)
	}
	os.Exit(0)
}

// Check returns why there can be no node on this machine, if that is so. It
// tries once.
var Check = sync.OnceValue(func() error { return node.Check(context.Background()) })

// Require returns if there can be a node on this machine. If not, it skips the
// test, or fails it where a node is required. With -short it tries nothing, and
// skips the test in any case.
func Require(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out what needs a node")
	}
	if err := Check(); err != nil {
		lacking(t, err)
	}
}

// lacking skips a test, or fails it where a node is required.
func lacking(t testing.TB, err error) {
	t.Helper()
	if os.Getenv(RequiredVariable) == "1" {
		t.Fatalf("there can be no node on this machine, and %s is 1: %s", RequiredVariable, hint.Text(err))
	}
	t.Skipf("there can be no node on this machine: %s", hint.Text(err))
}
