package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"container-signing/tools"
)

// A part of the chain is a command of its own, for pipelines that start the
// registries, the cluster and the signer elsewhere. It uses the notation CLI
// as it finds it configured: its plugins, its trust store and trust policy.

// errHelp says that the help of a part was asked for, and has been shown.
var errHelp = errors.New("help was shown")

// newPartFlags returns the flags of a part: of those of the whole run the ones
// that are named.
func newPartFlags(o *options, name string, shared ...string) *flag.FlagSet {
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	newFlags(o).VisitAll(func(f *flag.Flag) {
		if slices.Contains(shared, f.Name) {
			flags.Var(f.Value, f.Name, f.Usage)
		}
	})
	return flags
}

// parsePart reads the command line of a part. Its errors are usage errors, or
// errHelp. The flags that are required have to be set.
func parsePart(flags *flag.FlagSet, args []string, required ...string) error {
	help := fmt.Sprintf("`e2e %s --help` lists the flags", flags.Name())
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		fmt.Printf("Usage: go run ./e2e %s [flags]\n\n%s\n\nFlags:\n", flags.Name(), commands()[flags.Name()].about)
		printFlags(os.Stdout, flags)
		return errHelp
	} else if err != nil {
		return usagef("%w; %s", err, help)
	}
	if flags.NArg() > 0 {
		return usagef("unknown argument %q; %s", flags.Arg(0), help)
	}
	if err := checkDurations(flags); err != nil {
		return err
	}
	for _, name := range required {
		if flags.Lookup(name).Value.String() == "" {
			return usagef("--%s is missing; %s", name, help)
		}
	}
	return nil
}

// checkDurations finds flags that allow no time at all.
func checkDurations(flags *flag.FlagSet) (err error) {
	flags.Visit(func(f *flag.Flag) {
		getter, _ := f.Value.(flag.Getter)
		if getter == nil {
			return
		}
		if duration, ok := getter.Get().(time.Duration); ok && duration <= 0 {
			err = usagef("--%s %s: give a positive duration, such as 90s", f.Name, duration)
		}
	})
	return err
}

// checkFile finds before something is done that what it results in can't be
// written to the file that a flag names.
func checkFile(flag, path string) error {
	if path == "" {
		return nil
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || !info.IsDir() {
		return usagef("preparing --%s %q: there is no folder %q; make it, or give another file", flag, path, filepath.Dir(path))
	}
	return nil
}

// runPart calls do with what a run has, and with the tools that are named.
func runPart(ctx context.Context, p plan, names []string, do func(context.Context, *chainRun) error) error {
	root, err := tools.Root()
	if err != nil {
		return usageError{err}
	}
	p.root = root
	programs, err := tools.Build(ctx, os.Stderr, names...)
	if err != nil {
		return err
	}
	return begin(ctx, p, programs, do)
}

// repeated is a flag that can be given several times.
type repeated []string

func (r *repeated) String() string { return strings.Join(*r, ",") }

func (r *repeated) Set(value string) error {
	*r = append(*r, value)
	return nil
}
