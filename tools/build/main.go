// Command build builds tools into a folder that can be taken elsewhere, such
// as into a container image:
//
//	go run ./tools/build --output DIR [NAME…]
//	go run ./tools/build --output DIR --folder kubernetes
//
// Without names it builds all tools of the chain, with a folder those that are
// pinned in that folder of tools/. Programs of this project find them there if
// the environment variable CONTAINER_SIGNING_TOOLS names the output folder.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"container-signing/internal/hint"
	"container-signing/tools"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	status := build(ctx, os.Stderr, os.Args[1:])
	stop()
	os.Exit(status)
}

// build does what the command line asks for and returns the exit status: 2 if
// the command line is wrong, 1 if the tools can't be built.
func build(ctx context.Context, stderr io.Writer, args []string) int {
	output, names, err := parse(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(stderr, "build:", hint.Text(err))
		return 2
	}
	if err := tools.Export(ctx, stderr, output, names...); err != nil {
		fmt.Fprintln(stderr, "build:", hint.Text(err))
		return 1
	}
	return 0
}

// parse returns the folder to fill and the names of what belongs there. Asked
// for help it writes that.
func parse(args []string, help io.Writer) (output string, names []string, err error) {
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&output, "output", "", "`folder` to put the built tools into")
	folder := flags.String("folder", "", "build what is pinned in this `folder` of tools/")
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(help, "Usage: go run ./tools/build --output DIR [--folder FOLDER | NAME…]")
		flags.SetOutput(help)
		flags.PrintDefaults()
		return "", nil, err
	} else if err != nil {
		return "", nil, hint.Add(err, "--help lists the flags")
	}
	names = flags.Args()
	switch {
	case output == "":
		return "", nil, hint.Add(errors.New("--output is missing"), "it names the folder for the built tools")
	case *folder != "":
		pinned := tools.InFolder(*folder)
		if len(pinned) == 0 {
			return "", nil, fmt.Errorf("--folder %q holds no tool of the chain", *folder)
		}
		names = append(names, pinned...)
	case len(names) == 0:
		names = tools.Chain()
	}
	return output, names, nil
}
