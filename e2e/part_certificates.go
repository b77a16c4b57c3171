package main

import (
	"context"

	"container-signing/internal/pki"
)

// runCertificates makes a demonstration chain and its key, or takes the CA out
// of a chain of the user's own.
func runCertificates(_ context.Context, args []string) error {
	var o options
	flags := newPartFlags(&o, "certificates", "key-spec", "certificate-chain", "ca")
	output := flags.String("output", "", "`folder` to write ca.crt to; and, without --certificate-chain, chain.crt and signer.key")
	name := flags.String("name", "container-signing demonstration", "common `name` of the demonstration certificate")
	if err := parsePart(flags, args, "output"); err != nil {
		return err
	}
	if o.certificateChain != "" {
		if _, err := trustedCAs(o); err != nil {
			return usageError{err}
		}
		_, err := ownIdentity(o, *output)
		return err
	}
	if err := pki.CheckKeySpec(o.keySpec); err != nil {
		return usagef("reading --key-spec: %w", err)
	}
	_, err := newIdentity(o, "", *output, *name)
	return err
}
