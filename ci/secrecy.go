package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"dagger/container-signing/internal/command"
	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/failure"
	"dagger/container-signing/internal/reference"
	"dagger/container-signing/internal/secret"
	"dagger/container-signing/internal/toolset"
)

// talkative is a signer that tells all it knows, and then fails if it is told
// to.
const talkative = `#!/bin/sh
printenv SIGNING_TOKEN >&2
cat "$EXTERNAL_PRIVATE_KEY" /run/secrets/pin.txt >&2
[ -z "$TALKATIVE_FAILS" ] || exit 3
exec /src/scripts/openssl.sh
`

// Prove that a signer's secrets are in no output, no error and no layer
//
// It signs with a signer that prints its key and its secrets, once so that it
// succeeds and once so that it fails.
//
// +check
func (m *ContainerSigning) Secrecy(ctx context.Context) (err error) {
	run := newRun()
	full, err := m.with(ctx, toolset.Signing|toolset.Making|toolset.Registry)
	if err != nil {
		return err
	}
	m = m.trusting(full)
	registry, err := m.Registry(ctx, "secrecy "+run, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop(ctx, registry)) }()
	at := atService(ciRegistry, registry, "ci")
	image, err := m.pushUnsigned(ctx, at, run)
	if err != nil {
		return err
	}
	box, err := m.signingBox(ctx, nil)
	if err != nil {
		return err
	}
	signing, err := newSecretSigning(ctx, box, run)
	if err != nil {
		return err
	}
	signing.at, signing.image, signing.run = at, image, run
	work, checking := errgroup.WithContext(ctx)
	for _, fails := range []bool{false, true} {
		work.Go(func() error { return signing.check(checking, fails) })
	}
	return work.Wait()
}

// pushUnsigned starts a registry with an image that isn't signed.
func (m *ContainerSigning) pushUnsigned(ctx context.Context, at access, run string) (reference.Image, error) {
	if _, err := at.service.Start(ctx); err != nil {
		return reference.Image{}, explain("starting a registry", failure.Given{}, err)
	}
	box := anew(m.equip(lean(m.Prebuilt)), run)
	box, pushing, err := reach(ctx, box, command.Push(statePath, ciRegistry, "", false), at)
	if err != nil {
		return reference.Image{}, err
	}
	if _, err = evaluate(ctx, "pushing an image", failure.Given{}, box.WithExec(pushing)); err != nil {
		return reference.Image{}, err
	}
	return reference.Parse(string(ciRegistry) + "/busybox:u-root")
}

// A secretSigning signs with secrets that nobody may see.
type secretSigning struct {
	box   *dagger.Container
	by    identity
	kept  []string // parts of the secrets
	at    access
	image reference.Image
	run   string
}

// newSecretSigning prepares a talkative signer with fresh secrets.
func newSecretSigning(ctx context.Context, box *dagger.Container, run string) (*secretSigning, error) {
	by, err := demonstration(ctx, box, "secrecy", run)
	if err != nil {
		return nil, err
	}
	key, err := by.keyFile.Contents(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the key: %w", err)
	}
	parts := secret.Parts(key)
	if len(parts) == 0 {
		return nil, errors.New("reading the key: it has no parts to look for")
	}
	token, pin := "token-"+rand.Text(), "pin-"+rand.Text()
	by.signer = dag.File("talkative.sh", talkative)
	by.key, by.keyFile = dag.SetSecret("key", key), nil
	secrets := []*dagger.Secret{dag.SetSecret("SIGNING_TOKEN", token), dag.SetSecret("pin.txt", pin)}
	if box, by.conceal, err = withSecrets(ctx, box, secrets); err != nil {
		return nil, err
	}
	return &secretSigning{box: box, by: by, kept: append(parts, token, pin)}, nil
}

// check signs, and looks for the secrets in all that can be seen of it: what it
// prints, its error, and its container with all layers.
func (s *secretSigning) check(ctx context.Context, fails bool) error {
	box := s.box
	if fails {
		box = box.WithEnvVariable("TALKATIVE_FAILS", "yes")
	}
	signing, err := signingStep(ctx, box, s.by, s.at, []reference.Image{s.image}, 1, s.run)
	if err != nil {
		return err
	}
	done := signing.step(dagger.ReturnTypeAny)
	seen, err := outcome(ctx, done, fails)
	if err != nil {
		return err
	}
	if fails {
		_, err := evaluate(ctx, "signing", failure.Given{}, signing.step(dagger.ReturnTypeSuccess))
		if err == nil {
			return errors.New("signing with a signer that fails is no error")
		}
		seen += err.Error()
	}
	if secret.In(seen, s.kept) {
		return errors.New("what signing prints has a secret in it")
	}
	return s.searchLayers(ctx, done)
}

// outcome is what signing with a talkative signer prints. Its exit status has to
// be that of its signer.
func outcome(ctx context.Context, done *dagger.Container, fails bool) (string, error) {
	const doing = "signing with a talkative signer"
	output, err := done.CombinedOutput(ctx)
	if err != nil {
		return "", explain(doing, failure.Given{}, err)
	}
	status, err := done.ExitCode(ctx)
	if err != nil {
		return "", explain(doing, failure.Given{}, err)
	}
	if fails != (status != 0) {
		return "", failure.Exit{Status: status, Stderr: output}.Error(doing, failure.Given{})
	}
	return output, nil
}

// searchLayers looks for the secrets in the layers of a container.
func (s *secretSigning) searchLayers(ctx context.Context, done *dagger.Container) error {
	archive := done.AsTarball(
		dagger.ContainerAsTarballOpts{ForcedCompression: dagger.ImageLayerCompressionUncompressed},
	)
	search := s.box.WithMountedFile("/archive.tar", archive)
	for i, part := range s.kept {
		name := fmt.Sprintf("SOUGHT_%d", i)
		search = search.WithSecretVariable(name, dag.SetSecret(name, part)).
			WithExec([]string{"sh", "-c", `! grep -qaF -e "$` + name + `" /archive.tar || {
	echo a secret is in a layer >&2
	exit 1
}`})
	}
	// What is looked for has to be there to be found where it may be.
	search = search.WithExec([]string{"grep", "-qaF", "-e", "talkative", "-e", "BEGIN CERTIFICATE", "/archive.tar"})
	_, err := evaluate(ctx, "looking for secrets in the layers", failure.Given{}, search)
	return err
}
