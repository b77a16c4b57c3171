package command

import (
	"github.com/spf13/cobra"

	"container-signing/e2e/internal/supply"
)

// newSigner is a signer for a machine without openssl.
func newSigner() *cobra.Command {
	cmd := newVerb("signer",
		"Sign standard input with the key that "+supply.KeyVariable+" names, as a signer for the plugin")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return supply.SignPayload(cmd.InOrStdin(), cmd.OutOrStdout())
	}
	return cmd
}
