// Command e2e takes one image through the whole chain on this machine: signed
// in a CI registry by notation with an external signer, copied to a
// production registry by oras, verified there, and admitted or refused by
// Kyverno in a real Kubernetes.
//
//	go run ./e2e          the whole chain
//	go run ./e2e --help   its flags and commands
//
// The exit status is 0 if everything is as expected, 1 if not, and 2 if what
// was asked for can't be done.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"

	"container-signing/e2e/internal/command"
	"container-signing/e2e/internal/node"
	"container-signing/e2e/internal/workspace"
	"container-signing/internal/hint"
)

func main() {
	// A run starts this program again, for what has to outlive it or to be in
	// other namespaces.
	if len(os.Args) == 3 && os.Args[1] == workspace.JanitorCommand {
		end(workspace.Janitor(os.Args[2], node.Sweep))
	}
	if len(os.Args) == 3 && slices.Contains(node.Processes, os.Args[1]) {
		end(node.RunProcess(os.Args[1], os.Args[2]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	endWithGoRun()
	// Kubernetes' client libraries have a log of their own. What matters of it
	// comes back as errors.
	klog.SetLogger(logr.Discard())
	status := command.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// end ends a process that a run has started.
func end(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", hint.Text(err))
		os.Exit(1)
	}
	os.Exit(0)
}
