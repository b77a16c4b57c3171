package main

import (
	"context"

	"container-signing/e2e/internal/chain"
)

// A supplyState is what the parts that supply the images tell each other, in a
// file.
type supplyState struct {
	Repository string `json:"repository"`
	Tag        string `json:"tag"`
	// Demonstration says that the signer isn't the user's own.
	Demonstration bool `json:"demonstration"`
	// Digests are the digests in the CI registry, by role.
	Digests map[string]string `json:"digests"`
	// Platform is the digest of one platform inside the signed index.
	Platform string `json:"platform,omitempty"`
	// Signature is the digest of the signature of the signed image, once that
	// is in production.
	Signature string `json:"signature,omitempty"`
}

// resume makes the supply that a state describes.
func (r *chainRun) resume(state supplyState) {
	r.supply = &supply{
		oras:     chain.ORAS{Tool: r.tool(r.programs["oras"])},
		notation: chain.Notation{Tool: r.tool(r.programs["notation"])},
		options:  r.options, repository: state.Repository, tag: state.Tag, demonstration: state.Demonstration,
		pushed: state.Digests, child: state.Platform,
	}
	r.signature = state.Signature
}

func (r *chainRun) state() supplyState {
	return supplyState{
		Repository: r.supply.repository, Tag: r.supply.tag, Demonstration: r.supply.demonstration,
		Digests: r.supply.pushed, Platform: r.supply.child, Signature: r.signature,
	}
}

// runPush pushes the image to the CI registry with the others that are derived
// from it, one of them signed with a certificate of a CA that nobody trusts.
func runPush(ctx context.Context, args []string) error {
	var o options
	flags := newPartFlags(&o, "push", "image", "ci-registry", "key-id", "signature-format", "v", "timeout")
	own := flags.Bool("own-signer", false, "the signer is the user's own, and is asked for one signature only")
	state := flags.String("state", "", "`file` to write what was pushed to, as JSON")
	if err := parsePart(flags, args, "state"); err != nil {
		return err
	}
	if err := checkFile("state", *state); err != nil {
		return err
	}
	p := plan{options: o}
	var err error
	if p.repository, p.tag, err = repositoryOf(o.image); err != nil {
		return usageError{err}
	}
	return runPart(ctx, p, []string{"oras", "notation", "busybox"}, func(ctx context.Context, r *chainRun) error {
		r.resume(supplyState{Repository: r.repository, Tag: r.tag, Demonstration: !*own})
		r.supply.source = r.source()
		if err := r.bounded(ctx, "push the image to ci", r.supply.push); err != nil {
			return err
		}
		if err := r.bounded(ctx, "notation sign, by a CA that nobody trusts", func(ctx context.Context) error {
			if err := r.identifyAnother(); err != nil {
				return err
			}
			return r.supply.signAs(ctx, anotherCA, r.supply.another)
		}); err != nil {
			return err
		}
		return writeJSON(*state, r.state())
	})
}

// runPromote copies the images from the CI registry to production, compares
// them there, and verifies them with notation, which it makes trust the CA if
// one is given.
func runPromote(ctx context.Context, args []string) error {
	var o options
	flags := newPartFlags(&o, "promote", "ca", "ci-registry", "production-registry", "v", "timeout")
	flags.Lookup("ca").Usage = "`file` with a CA for notation to trust (default: what it trusts already)"
	file := flags.String("state", "", "`file` that `e2e push` has written; the signature's digest is added to it")
	if err := parsePart(flags, args, "state"); err != nil {
		return err
	}
	if o.ca != "" {
		if _, err := readCertificates(o.ca); err != nil {
			return usagef("reading --ca: %w", err)
		}
	}
	var state supplyState
	if err := readJSON(*file, &state); err != nil {
		return usagef("reading --state: %w", err)
	}
	return runPart(ctx, plan{options: o}, []string{"oras", "notation"}, func(ctx context.Context, r *chainRun) error {
		r.resume(state)
		if o.ca != "" {
			if err := r.supply.notation.Trust(ctx, o.ca, r.dir); err != nil {
				return err
			}
		}
		if err := r.promote(ctx); err != nil {
			return err
		}
		return writeJSON(*file, r.state())
	})
}
