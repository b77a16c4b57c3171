// Command e2e takes one image through the whole chain on this machine: signed
// in a CI registry by notation with an external signer, copied to a
// production registry by oras, verified there, and admitted or refused by
// Kyverno in a real Kubernetes.
//
//	go run ./e2e          the whole chain
//	go run ./e2e --help   its flags
//	go run ./e2e tools    only build the tools
//
// The exit status is 0 if everything is as expected, 1 if not, and 2 if what
// was asked for can't be done.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"

	"container-signing/e2e/internal/node"
	"container-signing/e2e/internal/workspace"
	"container-signing/internal/hint"
)

// Exit statuses.
const (
	exitFailure = 1
	exitUsage   = 2
)

// A command is something that e2e can be asked for beside the whole chain.
type command struct {
	about string
	run   func(ctx context.Context, args []string) error
}

// commands returns them by name.
func commands() map[string]command {
	return map[string]command{
		"node":  {"tell whether there can be a node on this machine", runNode},
		"tools": {"build the tools of the chain and print where they are", runTools},
		"signer": {"sign standard input with the key that " + keyVariable + " names, as a signer for the plugin",
			func(context.Context, []string) error { return runSigner(os.Stdin, os.Stdout) }},
		"certificates": {"make a demonstration chain and its key, or take the CA out of a chain", runCertificates},
		"push":         {"push the image to the CI registry, with those that are derived from it", runPush},
		"sign":         {"sign images in their registry, several at a time", runSign},
		"copy":         {"copy a signed image to another registry, and compare", runCopy},
		"promote":      {"copy the images of a run from CI to production, compare and verify", runPromote},
		"trust":        {"make the notation CLI trust a CA", runTrust},
		"forward":      {"run a command while an address of this machine leads elsewhere", runForward},
		"credentials":  {"make the authority and the kubeconfig of a cluster", runCredentials},
		"cluster":      {"run Kubernetes with Kyverno until it is ended", runCluster},
		"judge":        {"apply policies and workloads to a cluster, and judge what it admits", runJudge},
	}
}

func commandNames() []string { return slices.Sorted(maps.Keys(commands())) }

func main() {
	if len(os.Args) == 3 && os.Args[1] == workspace.JanitorCommand {
		exit(workspace.Janitor(os.Args[2], node.Sweep))
	}
	if len(os.Args) == 3 && slices.Contains(node.Processes, os.Args[1]) {
		exit(node.RunProcess(os.Args[1], os.Args[2]))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	endWithGoRun()
	// Kubernetes' client libraries have a log of their own. What matters of it
	// comes back as errors.
	klog.SetLogger(logr.Discard())
	if len(os.Args) > 1 {
		if command, ok := commands()[os.Args[1]]; ok {
			exit(command.run(ctx, os.Args[2:]))
		}
	}
	o, err := parseOptions(os.Args[1:])
	if err == nil {
		err = run(ctx, o)
	}
	exit(err)
}

// exit ends the program with the status that belongs to err.
func exit(err error) {
	var usage usageError
	var status statusError
	switch {
	case errors.As(err, &status):
		os.Exit(int(status)) // the command has said it
	case err == nil:
		os.Exit(0)
	case errors.Is(err, errHelp):
		os.Exit(0)
	case errors.Is(err, flag.ErrHelp):
		printUsage(os.Stdout)
		os.Exit(0)
	case errors.As(err, &usage):
		fmt.Fprintln(os.Stderr, "e2e:", hint.Text(err))
		os.Exit(exitUsage)
	case errors.Is(err, errVerdict):
		os.Exit(exitFailure) // the table has said it
	default:
		fmt.Fprintln(os.Stderr, "e2e:", hint.Text(err))
		os.Exit(exitFailure)
	}
}

func printUsage(out io.Writer) {
	fmt.Fprint(out, "Usage: go run ./e2e [flags]\n\nSigns an image, copies it to production and shows what Kubernetes admits.\n\n")
	for _, name := range commandNames() {
		fmt.Fprintf(out, "       go run ./e2e %-12s %s\n", name, commands()[name].about)
	}
	fmt.Fprint(out, "\nFlags:\n")
	printFlags(out, newFlags(&options{}))
	fmt.Fprint(out, "\nExit status: 0 all is as expected, 1 it is not, 2 what was asked for can't be done.\n(go run itself turns every failure into 1.)\n")
}

func printFlags(out io.Writer, flags *flag.FlagSet) {
	flags.VisitAll(func(f *flag.Flag) {
		argument, usage := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "false" && f.DefValue != "0s" {
			usage += " (default: " + f.DefValue + ")"
		}
		dashes := "--"
		if len(f.Name) == 1 {
			dashes = "-"
		}
		fmt.Fprintf(out, "  %-32s %s\n", strings.TrimSpace(dashes+f.Name+" "+argument), usage)
	})
}

func runTools(ctx context.Context, args []string) error {
	if len(args) > 0 {
		return usagef("unknown argument %q: `e2e tools` takes none", args[0])
	}
	programs, _, err := buildTools(ctx, options{node: nodeModes[0]})
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(programs)) {
		fmt.Printf("%-24s %s\n", name, programs[name])
	}
	return nil
}
