package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"container-signing/e2e/internal/chain"
)

// runTrust makes the notation CLI trust a CA: at the strictest level, unless a
// trust policy of the user's own says something else.
func runTrust(ctx context.Context, args []string) error {
	var o options
	flags := newPartFlags(&o, "trust", "ca", "v")
	flags.Lookup("ca").Usage = "`file` with the CA to trust"
	store := flags.String("trust-store", chain.TrustName, "`name` of the trust store that the CA goes into")
	policy := flags.String("trust-policy", "", "`file` with a trust policy of your own, for the trust store ca:"+chain.TrustName+" or the one that --trust-store names")
	if err := parsePart(flags, args, "ca"); err != nil {
		return err
	}
	if _, err := readCertificates(o.ca); err != nil {
		return usagef("reading --ca: %w", err)
	}
	if *policy != "" {
		if _, err := os.Stat(*policy); err != nil {
			return usagef("reading --trust-policy: %w", err)
		}
	}
	return runPart(ctx, plan{options: o}, []string{"notation"}, func(ctx context.Context, r *chainRun) error {
		notation := chain.Notation{Tool: r.tool(r.programs["notation"])}
		if err := notation.AddCA(ctx, *store, o.ca); err != nil {
			return err
		}
		if *policy != "" {
			return notation.ImportPolicy(ctx, *policy)
		}
		file := filepath.Join(r.dir, "trustpolicy.json")
		if err := chain.WriteTrustPolicy(file, *store); err != nil {
			return fmt.Errorf("making a trust policy: %w", err)
		}
		return notation.ImportPolicy(ctx, file)
	})
}
