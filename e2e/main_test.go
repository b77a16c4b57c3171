package main_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"container-signing/e2e/internal/node/nodetest"
	"container-signing/internal/testenv"
	"container-signing/tools"
)

var (
	// program is the path of e2e, built from this folder.
	program string
	// programs are the tools of the chain.
	programs tools.Programs
)

// forTests is the part of -timeout that is left to the tests when tools have
// to be built first: cmd/go counts that time too, and kills what takes longer.
const forTests = 4 * time.Minute

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		fmt.Println("skipped: these tests run the whole program with the built tools, which -short leaves out")
		os.Exit(0)
	}
	os.Exit(testMain(m))
}

func testMain(m *testing.M) int {
	if err := testenv.Clear(); err != nil {
		fmt.Fprintln(os.Stderr, "clearing the environment:", err)
		return 1
	}
	folder, err := os.MkdirTemp("", "e2e-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, "making a folder for e2e:", err)
		return 1
	}
	defer os.RemoveAll(folder)
	program = filepath.Join(folder, "e2e")
	if output, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building e2e: %v\n%s", err, output)
		return 1
	}
	if err := buildTools(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// buildTools builds what is missing before the clock of -timeout starts to
// count for the tests. That is a node's as well, where there can be one.
func buildTools() error {
	ctx := context.Background()
	if timeout, ok := flag.Lookup("test.timeout").Value.(flag.Getter).Get().(time.Duration); ok && timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, max(timeout-forTests, timeout/4))
		defer cancel()
	}
	names := tools.Chain()
	if nodetest.Check() == nil {
		names = append(names, tools.Node()...)
	}
	var err error
	programs, err = tools.Build(ctx, os.Stderr, names...)
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("building the tools takes longer than -timeout allows: run `go run ./e2e tools` first, or give a longer -timeout, such as 60m: %w", err)
	}
	return err
}
