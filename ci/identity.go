package main

import (
	"context"
	"strings"

	"dagger/container-signing/internal/dagger"
)

// An identity is who signs: a signer, its certificate chain, and the CA that
// vouches for it.
type identity struct {
	own     bool // the user's, and not a demonstration's
	signer  *dagger.File
	chain   *dagger.File
	ca      *dagger.File
	keyFile *dagger.File   // of a demonstration
	key     *dagger.Secret // of the user
	keyID   string
	timeout string
	format  string
	// concealed are flags that name more secrets of the signer.
	concealed []string
}

const (
	identityFolder = "/run/identity"
	keyPath        = "/run/secrets/key"
)

// newIdentity is the user's, or without a signer a fresh one. The key of a
// demonstration vouches for nothing, and may be in a layer; a user's never is.
func newIdentity(ctx context.Context, box *dagger.Container, signer, chain, ca *dagger.File, key *dagger.Secret) (identity, error) {
	if signer == nil {
		return demonstration(ctx, box, "container-signing demonstration", newRun())
	}
	args := []string{"e2e", "certificates", "--output", identityFolder, "--certificate-chain", "/run/chain"}
	box = box.WithMountedFile("/run/chain", chain)
	if ca != nil {
		box = box.WithMountedFile("/run/ca", ca)
		args = append(args, "--ca", "/run/ca")
	}
	made, err := evaluate(ctx, "reading the certificate chain", box.WithExec(args))
	if err != nil {
		return identity{}, err
	}
	return identity{own: true, signer: signer, chain: chain, key: key, ca: made.File(identityFolder + "/ca.crt")}, nil
}

// demonstration is an identity that a run makes for itself.
func demonstration(ctx context.Context, box *dagger.Container, name, run string) (identity, error) {
	made, err := evaluate(ctx, "making certificates", anew(box, run).
		WithExec([]string{"e2e", "certificates", "--output", identityFolder, "--name", name}))
	if err != nil {
		return identity{}, err
	}
	in := made.Directory(identityFolder)
	return identity{
		signer: box.File("/src/scripts/openssl.sh"), chain: in.File("chain.crt"), ca: in.File("ca.crt"), keyFile: in.File("signer.key"),
		keyID: "demonstration", timeout: "60s", format: "jws",
	}, nil
}

// provide gives a container what the signer needs.
func (i identity) provide(container *dagger.Container) *dagger.Container {
	container = container.
		WithFile(identityFolder+"/signer", i.signer, dagger.ContainerWithFileOpts{Permissions: 0o755}).
		WithMountedFile(identityFolder+"/chain", i.chain)
	switch {
	case i.key != nil:
		container = container.WithMountedSecret(keyPath, i.key)
	case i.keyFile != nil:
		container = container.WithMountedFile(keyPath, i.keyFile)
	default:
		return container
	}
	return container.WithEnvVariable("EXTERNAL_PRIVATE_KEY", keyPath)
}

// flags tell `e2e sign` what provide has provided.
func (i identity) flags() []string {
	flags := []string{
		"--signer", identityFolder + "/signer", "--certificate-chain", identityFolder + "/chain",
		"--key-id", i.keyID, "--signer-timeout", i.timeout, "--signature-format", i.format,
	}
	if i.key != nil {
		flags = append(flags, "--conceal-file", keyPath)
	}
	return append(flags, i.concealed...)
}

// cut splits NAME=VALUE.
func cut(assignment string) (name, value string, found bool) {
	name, value, found = strings.Cut(assignment, "=")
	return name, value, found && name != ""
}
