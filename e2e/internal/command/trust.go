package command

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"container-signing/e2e/internal/notation"
	"container-signing/e2e/internal/session"
	"container-signing/e2e/internal/usage"
)

// newTrust makes the notation CLI trust a CA: at the strictest level, unless a
// trust policy of the user's own says something else.
func newTrust() *cobra.Command {
	var settings session.Settings
	var ca, store, policy string
	cmd := newVerb("trust", "Make the notation CLI trust a CA", "ca")
	flags := cmd.Flags()
	flags.StringVar(&ca, "ca", "", "`file` with the CA to trust")
	flags.StringVar(&store, "trust-store", notation.TrustName, "`name` of the trust store that the CA goes into")
	flags.StringVar(&policy, "trust-policy", "",
		"`file` with a trust policy of your own, for the trust store ca:"+notation.TrustName+
			" or the one that --trust-store names")
	addVerbose(flags, &settings)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := checkCertificates("ca", ca); err != nil {
			return err
		}
		if policy != "" {
			if _, err := os.Stat(policy); err != nil {
				return usage.Errorf("reading --trust-policy: %w", err)
			}
		}
		programs, err := session.Build(cmd.Context(), "notation")
		if err != nil {
			return err
		}
		return session.Run(cmd.Context(), settings, programs, func(ctx context.Context, s *session.Session) error {
			cli := notation.AsUser(s.Tool("notation"))
			if policy == "" {
				return cli.Trust(ctx, store, ca, s.Dir)
			}
			if err := cli.AddCA(ctx, store, ca); err != nil {
				return err
			}
			return cli.ImportPolicy(ctx, policy)
		})
	}
	return cmd
}
