// Package command has the commands of e2e, one in each file: its flags, what
// can be known to be wrong with them, and what it hands them to.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"container-signing/e2e/internal/run"
	"container-signing/e2e/internal/session"
	"container-signing/e2e/internal/usage"
	"container-signing/internal/hint"
)

// Exit statuses.
const (
	exitFailure = 1
	exitUsage   = 2
)

// Run runs the command that args name and returns the exit status. Errors are
// told on stderr.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetOut(stdout)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var status statusError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status) // the command has said it
	case errors.Is(err, session.ErrConcluded):
		return exitFailure // the table has said it
	}
	fmt.Fprintln(stderr, "e2e:", hint.Text(err))
	if errors.As(err, new(usage.Error)) {
		return exitUsage
	}
	return exitFailure
}

// helpWidth is how wide the help is, in columns.
const helpWidth = 100

func init() {
	cobra.AddTemplateFunc("wrapped", func(flags *pflag.FlagSet) string { return flags.FlagUsagesWrapped(helpWidth) })
}

func newRoot() *cobra.Command {
	var o run.Options
	var node string
	root := newVerb("e2e", "Sign an image, copy it to production and show what Kubernetes admits")
	root.Long = `Takes one image through the whole chain on this machine: signed in a CI registry
by notation with an external signer, copied to a production registry by oras,
verified there, and admitted or refused by Kyverno in a real Kubernetes.

Without a command it runs all of it: go run ./e2e

Exit status: 0 all is as expected, 1 it is not, 2 what was asked for can't be
done. (go run itself turns every failure into 1.)`
	root.SilenceErrors, root.SilenceUsage = true, true
	root.Args = knownCommand
	flags := root.Flags()
	flags.SortFlags = false
	addImage(flags, &o.Image)
	addCIRegistry(flags, &o.Registries)
	addProductionRegistry(flags, &o.Registries)
	addKeySpec(flags, &o.KeySpec)
	addSigner(flags, &o.Signer)
	flags.StringVar(&o.Signer.CA, "ca", "", "`file` with the CA to trust (default: the root of --certificate-chain)")
	addChoice(flags, &o.Choice)
	flags.StringVar(&node, "node", string(session.NodeAuto), nodeUsage)
	flags.BoolVar(&o.Keep, "keep", false, "leave everything running until Ctrl-C, and print how to use it")
	addVerbose(flags, &o.Settings)
	addTimeout(flags, &o.Settings)
	root.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if o.Node, err = session.ParseNodeMode(node); err != nil {
			return err
		}
		o.Lock = true
		return run.Whole(cmd.Context(), o)
	}
	root.SuggestionsMinimumDistance = 2
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".LocalFlags.FlagUsages", "wrapped .LocalFlags"))
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage.Fault(hint.Add(err, "`%s` lists the flags", help(cmd)))
	})
	root.AddCommand(newPush(), newSign(), newCopy(), newPromote(), newTrust(), newJudge(), newAttack(), newMutants(),
		newFaults(), newCluster(), newCredentials(), newCertificates(), newForward(), newNode(), newTools(),
		newSigner())
	return root
}

// knownCommand finds a word that is no command, and suggests one.
func knownCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	advice := fmt.Sprintf("`%s` lists the commands", help(cmd))
	if similar := cmd.SuggestionsFor(args[0]); len(similar) > 0 {
		advice = fmt.Sprintf("did you mean `%s %s`? %s", cmd.CommandPath(), similar[0], advice)
	}
	return usage.Fault(hint.Add(fmt.Errorf("unknown command %q", args[0]), "%s", advice))
}
