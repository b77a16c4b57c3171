package command

import (
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"container-signing/e2e/internal/cluster"
	"container-signing/e2e/internal/usage"
	"container-signing/internal/hint"
)

// newCredentials makes the authority of a cluster, and the kubeconfig of its
// administrator.
func newCredentials() *cobra.Command {
	var output, server string
	cmd := newVerb("credentials", "Make the authority and the kubeconfig of a cluster", "output", "server")
	flags := cmd.Flags()
	flags.StringVar(&output, "output", "", "`folder` to write ca.crt, ca.key and kubeconfig to")
	flags.StringVar(&server, "server", "", "`URL` at which the API server will be found, such as https://cluster:6443")
	cmd.RunE = func(*cobra.Command, []string) error {
		if err := checkServer(server); err != nil {
			return err
		}
		return cluster.NewAuthority(output, server)
	}
	return cmd
}

// checkServer finds a --server that can't be an API server's.
func checkServer(server string) error {
	if parsed, err := url.Parse(server); err != nil || parsed.Scheme != "https" || parsed.Host == "" {
		return usage.Fault(hint.Add(fmt.Errorf("reading --server %q: it is no URL of an API server", server),
			"give one such as https://cluster:6443"))
	}
	return nil
}
