package command

import (
	"regexp"

	"github.com/spf13/cobra"

	"container-signing/e2e/internal/notation"
	"container-signing/e2e/internal/run"
	"container-signing/e2e/internal/usage"
)

// newMutants tries whether a run notices holes in the policies.
func newMutants() *cobra.Command {
	var o run.MutantsOptions
	var only string
	cmd := newVerb("mutants", "Make policies with one hole each, and show how a run notices them")
	flags := cmd.Flags()
	addCIRegistry(flags, &o.Registries)
	addProductionRegistry(flags, &o.Registries)
	addPolicy(flags, &o.Choice)
	addWorkloads(flags, &o.Choice)
	addReport(flags, &o.Choice)
	flags.StringVar(&only, "only", "", "regular `expression` that names of mutants have to match")
	flags.BoolVar(&o.Exceptions, "exceptions", false,
		"try by requests also those mutants which no request finds, so it is said")
	addTimeout(flags, &o.Settings)
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if only != "" {
			if o.Only, err = regexp.Compile(only); err != nil {
				return usage.Errorf("reading --only: %w", err)
			}
		}
		o.KeySpec, o.Signer.KeyID, o.Signer.Format = "EC-256", "demonstration", notation.Formats()[0]
		return run.Mutants(cmd.Context(), o)
	}
	return cmd
}
