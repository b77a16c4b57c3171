package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"container-signing/e2e/internal/chain"
	"container-signing/e2e/internal/secret"
)

// A signedImage is an image that has been signed or copied.
type signedImage struct {
	// Reference names the image by its digest.
	Reference string `json:"reference"`
	Digest    string `json:"digest"`
	// Signatures are the digests of the signatures: of the one that was made,
	// or of all that were copied.
	Signatures []string `json:"signatures"`
}

// A signPart is what `e2e sign` is asked for.
type signPart struct {
	options
	images    repeated
	plain     bool
	parallel  int
	output    string
	files     repeated // with secrets
	variables repeated // with secrets
}

func (p *signPart) flags() *flag.FlagSet {
	flags := newPartFlags(&p.options, "sign", "signer", "certificate-chain", "key-id", "signature-format", "signer-timeout", "v")
	flags.Var(&p.images, "image", "`reference` of an image in a registry; can be given several times")
	flags.BoolVar(&p.plain, "plain-http", false, "the registries speak plain HTTP, as those on loopback are taken to do anyway")
	flags.IntVar(&p.parallel, "parallel", 4, "`number` of images to sign at a time")
	flags.StringVar(&p.output, "output", "", "`file` to write what was signed to, as JSON")
	flags.Var(&p.files, "conceal-file", "`file` with a secret that no error may show, even if the signer prints it; can be given several times")
	flags.Var(&p.variables, "conceal-env", "environment `variable` with such a secret; can be given several times")
	return flags
}

// check finds what can be known to be wrong before anything is signed.
func (p *signPart) check() error {
	if p.parallel < 1 {
		return usagef("--parallel %d: give at least 1", p.parallel)
	}
	if !slices.Contains(signatureFormats, p.format) {
		return usagef("unknown --signature-format %q: known are %s", p.format, strings.Join(signatureFormats, ", "))
	}
	for _, image := range p.images {
		if err := checkReference("image", image); err != nil {
			return err
		}
	}
	if err := checkFile("output", p.output); err != nil {
		return err
	}
	// Whether it is a chain is the plugin's to say.
	if _, err := readCertificates(p.certificateChain); err != nil {
		return usagef("reading --certificate-chain: %w", err)
	}
	return nil
}

// runSign signs images in their registry, several at a time. One that can't be
// signed is no reason to stop the others.
func runSign(ctx context.Context, args []string) error {
	var p signPart
	if err := parsePart(p.flags(), args, "image", "signer", "certificate-chain"); err != nil {
		return err
	}
	if err := p.check(); err != nil {
		return err
	}
	hiding, err := secret.Read(p.files, p.variables)
	if err != nil {
		return usageError{err}
	}
	return concealed(hiding, runPart(ctx, plan{options: p.options}, []string{"notation", "oras"}, func(ctx context.Context, r *chainRun) error {
		signed, err := r.signAll(ctx, p.images, p.plain, p.parallel)
		if p.output == "" {
			return err
		}
		return errors.Join(err, writeJSON(p.output, signed))
	}))
}

// concealed keeps secrets out of an error, and a usage error one.
func concealed(hiding secret.Secrets, err error) error {
	shown := hiding.Conceal(err)
	if errors.As(err, new(usageError)) {
		return usageError{shown}
	}
	return shown
}

// signAll signs images and returns those that it has signed, in the order in
// which they were named.
func (r *chainRun) signAll(ctx context.Context, images []string, plain bool, parallel int) ([]signedImage, error) {
	results, faults := make([]*signedImage, len(images)), make([]error, len(images))
	var busy imageLocks
	var work errgroup.Group // without a context: a failure stops nobody
	r.console.Apart()
	work.SetLimit(parallel)
	for i, image := range images {
		work.Go(func() error {
			faults[i] = r.console.Do("notation sign "+image, func() error {
				var err error
				results[i], err = r.signOne(ctx, canonical(image), plain, &busy)
				return err
			})
			return nil
		})
	}
	// Its functions return no errors: these are in faults.
	_ = work.Wait()
	signed := []signedImage{}
	for _, result := range results {
		if result != nil {
			signed = append(signed, *result)
		}
	}
	err := errors.Join(faults...)
	if err != nil && len(images) > 1 {
		err = fmt.Errorf("%w\n%s", err, signedAnyway(signed, len(images)))
	}
	return signed, err
}

// signedAnyway tells what was signed though something else couldn't be.
func signedAnyway(signed []signedImage, of int) string {
	var told strings.Builder
	fmt.Fprintf(&told, "%d of %d images are signed", len(signed), of)
	for _, image := range signed {
		told.WriteString("\n  " + image.Reference)
	}
	return told.String()
}

// signOne signs an image by its digest, and finds the signature that it gets.
func (r *chainRun) signOne(ctx context.Context, image string, plain bool, busy *imageLocks) (*signedImage, error) {
	oras := chain.ORAS{Tool: r.tool(r.programs["oras"])}
	notation := chain.Notation{Tool: r.tool(r.programs["notation"])}
	signing := chain.Signing{
		Signer: r.signer, CertificateChain: r.certificateChain, KeyID: r.keyID, Timeout: r.signerTimeout, Format: r.format,
	}
	if !plain && !chain.OnLoopback(image) {
		signing.HTTPS, oras.HTTPS = true, chain.Hosts{hostOf(image)}
	}
	digest, err := oras.Resolve(ctx, image)
	if err != nil {
		return nil, err
	}
	reference := chain.ByDigest(image, digest)
	defer busy.lock(reference)()
	before, err := oras.Signatures(ctx, reference)
	if err != nil {
		return nil, err
	}
	if err := notation.Sign(ctx, signing, reference); err != nil {
		return nil, err
	}
	after, err := oras.Signatures(ctx, reference)
	if err != nil {
		return nil, err
	}
	added := slices.DeleteFunc(after, func(digest string) bool { return slices.Contains(before, digest) })
	if len(added) == 0 {
		return nil, fmt.Errorf("signing image %q: the registry %s lists no new signature of it, though notation says that it signed", reference, hostOf(image))
	}
	return &signedImage{Reference: reference, Digest: digest, Signatures: added}, nil
}

// imageLocks let one image be signed once at a time. Where a registry doesn't
// list an image's signatures by itself, notation rewrites the list, and of two
// that do so at the same time one loses its signature.
type imageLocks struct{ byReference sync.Map }

// lock waits for its turn, and returns what ends it.
func (l *imageLocks) lock(reference string) (unlock func()) {
	lock, _ := l.byReference.LoadOrStore(reference, new(sync.Mutex))
	mutex := lock.(*sync.Mutex)
	mutex.Lock()
	return mutex.Unlock
}

// hostOf is the registry of a full reference.
func hostOf(reference string) string {
	host, _, _ := strings.Cut(reference, "/")
	return host
}

// writeJSON writes a file that others may read.
func writeJSON(path string, value any) error {
	content, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding %q: %w", path, err)
	}
	if err := os.WriteFile(path, append(content, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing a result: %w", err)
	}
	return nil
}

// readJSON reads what writeJSON wrote.
func readJSON(path string, value any) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(content, value); err != nil {
		return fmt.Errorf("%q: %w", path, err)
	}
	return nil
}
