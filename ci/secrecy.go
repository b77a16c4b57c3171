package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"dagger/container-signing/internal/dagger"
)

// talkative is a signer that tells all it knows, and then fails if it is told
// to.
const talkative = `#!/bin/sh
printenv SIGNING_TOKEN >&2
cat "$EXTERNAL_PRIVATE_KEY" /run/secrets/pin.txt >&2
[ -z "$TALKATIVE_FAILS" ] || exit 3
exec /src/scripts/openssl.sh
`

// Prove that a signer's secrets stay where they belong: in no output, no error,
// no layer
//
// It signs with a signer that prints its key and its secrets, once so that it
// succeeds and once so that it fails.
//
// +check
func (m *ContainerSigning) Secrecy(ctx context.Context) (err error) {
	run := newRun()
	box, err := m.signingBox(ctx, nil)
	if err != nil {
		return err
	}
	registry, err := m.Registry(ctx, "secrecy "+run, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop(ctx, registry)) }()
	image, err := m.pushUnsigned(ctx, registry, run)
	if err != nil {
		return err
	}
	demonstrator, err := demonstration(ctx, box, "secrecy", run)
	if err != nil {
		return err
	}
	key, err := demonstrator.keyFile.Contents(ctx)
	if err != nil {
		return fmt.Errorf("reading the key: %w", err)
	}
	token, pin := "token-"+rand.Text(), "pin-"+rand.Text()
	// A line out of the middle of the key, which nothing else contains.
	kept := []string{token, pin, strings.Split(key, "\n")[2]}
	demonstrator.signer = dag.File("talkative.sh", talkative)
	demonstrator.key, demonstrator.keyFile = dag.SetSecret("key", key), nil
	box, demonstrator.concealed, err = withSecrets(ctx, box, []*dagger.Secret{dag.SetSecret("SIGNING_TOKEN", token), dag.SetSecret("pin.txt", pin)}, nil)
	if err != nil {
		return err
	}
	at := access{image: image, service: registry, alias: "registry"}
	work, checking := errgroup.WithContext(ctx)
	for _, fails := range []string{"", "yes"} {
		work.Go(func() error {
			return secretly(checking, box.WithEnvVariable("TALKATIVE_FAILS", fails), demonstrator, at, run, fails != "", kept)
		})
	}
	return work.Wait()
}

// pushUnsigned starts a registry with an image that isn't signed.
func (m *ContainerSigning) pushUnsigned(ctx context.Context, registry *dagger.Service, run string) (image string, err error) {
	container, err := m.with(ctx, "notation", "oras", "busybox")
	if err != nil {
		return "", err
	}
	if _, err = registry.Start(ctx); err != nil {
		return "", explain("starting a registry", err)
	}
	at := access{image: ciRegistry + "/", service: registry, alias: "ci"}
	box, args, err := reach(ctx, anew(m.equip(container), run), []string{"e2e", "push", "--ci-registry", ciRegistry, "--state", statePath}, at)
	if err != nil {
		return "", err
	}
	_, err = evaluate(ctx, "pushing an image", box.WithExec(args))
	return ciRegistry + "/busybox:u-root", err
}

// secretly signs, and looks for what has to be kept in all that can be seen of
// it: what it prints, its error, and its container with all layers.
func secretly(ctx context.Context, box *dagger.Container, by identity, at access, run string, fails bool, kept []string) error {
	signing, err := signingStep(ctx, box, by, at, []string{at.image}, 1, run)
	if err != nil {
		return err
	}
	done := signing.step(dagger.ReturnTypeAny)
	output, err := done.CombinedOutput(ctx)
	if err != nil {
		return explain("signing with a talkative signer", err)
	}
	status, err := done.ExitCode(ctx)
	if err != nil {
		return explain("signing with a talkative signer", err)
	}
	if fails != (status != 0) {
		return fmt.Errorf("signing with a talkative signer: exit status %d: %s", status, output)
	}
	seen := output
	if fails {
		_, err := evaluate(ctx, "signing", signing.step(dagger.ReturnTypeSuccess))
		if err == nil {
			return errors.New("signing with a signer that fails is no error")
		}
		seen += err.Error()
	}
	for _, secret := range kept {
		if strings.Contains(seen, secret) {
			return errors.New("what signing prints has a secret in it")
		}
	}
	archive := done.AsTarball(dagger.ContainerAsTarballOpts{ForcedCompression: dagger.ImageLayerCompressionUncompressed})
	search := box.WithMountedFile("/archive.tar", archive)
	for i, secret := range kept {
		name := fmt.Sprintf("SOUGHT_%d", i)
		search = search.WithSecretVariable(name, dag.SetSecret(name, secret)).
			WithExec([]string{"sh", "-c", `! grep -qaF -e "$` + name + `" /archive.tar || { echo a secret is in a layer >&2; exit 1; }`})
	}
	// What is looked for has to be there to be found where it may be.
	search = search.WithExec([]string{"grep", "-qaF", "-e", "talkative", "-e", "BEGIN CERTIFICATE", "/archive.tar"})
	_, err = evaluate(ctx, "looking for secrets in the layers", search)
	return err
}
