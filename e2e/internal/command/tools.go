package command

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"container-signing/e2e/internal/session"
)

// newTools builds the tools of a whole run.
func newTools() *cobra.Command {
	cmd := newVerb("tools", "Build the tools of the chain and print where they are")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		programs, _, err := session.BuildChain(cmd.Context(), session.NodeAuto)
		if err != nil {
			return err
		}
		for _, name := range slices.Sorted(maps.Keys(programs)) {
			fmt.Fprintf(cmd.OutOrStdout(), "%-24s %s\n", name, programs[name])
		}
		return nil
	}
	return cmd
}
