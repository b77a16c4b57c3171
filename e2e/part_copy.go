package main

import (
	"context"
	"fmt"
	"slices"

	"container-signing/e2e/internal/chain"
)

// runCopy copies an image with its signatures from one registry to another, or
// to an OCI image layout and back, and makes sure that they are the same there.
func runCopy(ctx context.Context, args []string) error {
	var o options
	flags := newPartFlags(&o, "copy", "v")
	from := flags.String("from", "", "`reference` of the image; or, in an OCI layout, ./FOLDER:TAG, or ./FOLDER of the only one")
	to := flags.String("to", "", "`reference` that it gets; or, in an OCI layout, ./FOLDER:TAG")
	plainFrom := flags.Bool("from-plain-http", false, "the registry of --from speaks plain HTTP, as one on loopback is taken to do anyway")
	plainTo := flags.Bool("to-plain-http", false, "the registry of --to speaks plain HTTP, as one on loopback is taken to do anyway")
	output := flags.String("output", "", "`file` to write what was copied to, as JSON")
	if err := parsePart(flags, args, "from", "to"); err != nil {
		return err
	}
	for flag, reference := range map[string]string{"from": *from, "to": *to} {
		if chain.IsPath(reference) {
			continue
		}
		if err := checkReference(flag, reference); err != nil {
			return err
		}
	}
	if err := checkFile("output", *output); err != nil {
		return err
	}
	source, target := canonical(*from), canonical(*to)
	if chain.IsPath(source) {
		var err error
		if source, err = chain.InLayout(source); err != nil {
			return usagef("reading --from: %w", err)
		}
	}
	return runPart(ctx, plan{options: o}, []string{"oras"}, func(ctx context.Context, r *chainRun) error {
		oras := chain.ORAS{Tool: r.tool(r.programs["oras"])}
		for reference, plain := range map[string]bool{source: *plainFrom, target: *plainTo} {
			if !plain && !chain.OnLoopback(reference) {
				oras.HTTPS = append(oras.HTTPS, hostOf(reference))
			}
		}
		var copied signedImage
		err := r.console.Do("oras cp -r "+*from+" "+*to, func() error {
			var err error
			copied, err = copySigned(ctx, oras, source, target)
			return err
		})
		if err != nil || *output == "" {
			return err
		}
		return writeJSON(*output, []signedImage{copied})
	})
}

// copySigned copies and compares. The target may have had signatures before.
func copySigned(ctx context.Context, oras chain.ORAS, from, to string) (signedImage, error) {
	digest, err := oras.Resolve(ctx, from)
	if err != nil {
		return signedImage{}, err
	}
	source := chain.ByDigest(from, digest)
	signatures, err := oras.Signatures(ctx, source)
	if err != nil {
		return signedImage{}, err
	}
	if len(signatures) == 0 {
		return signedImage{}, fmt.Errorf("copying image %q: it has no signature there; sign it first", source)
	}
	if err := oras.Copy(ctx, source, to); err != nil {
		return signedImage{}, err
	}
	arrived, err := oras.Resolve(ctx, to)
	if err != nil {
		return signedImage{}, err
	}
	if arrived != digest {
		return signedImage{}, fmt.Errorf("comparing %q with %q: the digests differ: %s and %s", to, from, arrived, digest)
	}
	target := chain.ByDigest(to, digest)
	present, err := oras.Signatures(ctx, target)
	if err != nil {
		return signedImage{}, err
	}
	for _, signature := range signatures {
		if !slices.Contains(present, signature) {
			return signedImage{}, fmt.Errorf("comparing the signatures of %q with those of %q: %s is missing", target, source, signature)
		}
	}
	return signedImage{Reference: target, Digest: digest, Signatures: signatures}, nil
}
