package command

import (
	"github.com/spf13/cobra"

	"container-signing/e2e/internal/supply"
	"container-signing/e2e/internal/usage"
	"container-signing/internal/pki"
)

// newCertificates makes a demonstration chain and its key, or takes the CA out
// of a chain of the user's own.
func newCertificates() *cobra.Command {
	var demonstration supply.Demonstration
	var own supply.Signer
	var output string
	cmd := newVerb("certificates", "Make a demonstration chain and its key, or take the CA out of a chain", "output")
	flags := cmd.Flags()
	flags.StringVar(&output, "output", "",
		"`folder` to write ca.crt to; and, without --certificate-chain, chain.crt and signer.key")
	flags.StringVar(&demonstration.Name, "name", "container-signing demonstration",
		"common `name` of the demonstration certificate")
	addKeySpec(flags, &demonstration.KeySpec)
	addCertificateChain(flags, &own)
	flags.StringVar(&own.CA, "ca", "", "`file` with the CA to trust (default: the root of --certificate-chain)")
	cmd.RunE = func(*cobra.Command, []string) error {
		if own.CertificateChain != "" {
			if _, err := supply.TrustedCAs(own.CertificateChain, own.CA); err != nil {
				return usage.Fault(err)
			}
			_, err := supply.WriteTrustedCAs(own.CertificateChain, own.CA, output)
			return err
		}
		if err := pki.CheckKeySpec(demonstration.KeySpec); err != nil {
			return usage.Errorf("reading --key-spec: %w", err)
		}
		_, err := supply.MakeDemonstration(demonstration, output)
		return err
	}
	return cmd
}
