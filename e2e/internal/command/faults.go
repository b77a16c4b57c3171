package command

import (
	"github.com/spf13/cobra"

	"container-signing/e2e/internal/run"
	"container-signing/e2e/internal/session"
)

// newFaults lets parts of the chain fail, and judges what is admitted meanwhile.
func newFaults() *cobra.Command {
	var o run.Options
	var node string
	var only []string
	cmd := newVerb("faults", "Let Kyverno, the registry and others fail while workloads are applied, and judge that")
	flags := cmd.Flags()
	flags.SortFlags = false
	addPolicies(flags, &o.Choice)
	flags.StringArrayVar(&only, "only", nil,
		"begin of the `name` of a fault to bring about; can be given several times")
	addReport(flags, &o.Choice)
	addCIRegistry(flags, &o.Registries)
	addProductionRegistry(flags, &o.Registries)
	flags.StringVar(&node, "node", string(session.NodeOff), nodeUsage)
	addVerbose(flags, &o.Settings)
	addTimeout(flags, &o.Settings)
	cmd.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if o.Node, err = session.ParseNodeMode(node); err != nil {
			return err
		}
		return run.Faults(cmd.Context(), o, only)
	}
	return cmd
}
