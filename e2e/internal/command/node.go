package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"container-signing/e2e/internal/session"
)

// newNode tells whether there can be a node.
func newNode() *cobra.Command {
	cmd := newVerb("node", "Tell whether there can be a node on this machine")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if _, err := session.NodeOn.Check(cmd.Context()); err != nil {
			return err
		}
		_, err := fmt.Fprintln(cmd.OutOrStdout(), "there can be a node on this machine")
		return err
	}
	return cmd
}
