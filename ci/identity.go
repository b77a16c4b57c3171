package main

import (
	"context"
	"slices"

	"dagger/container-signing/internal/command"
	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/failure"
)

// An identity is who signs: a signer, its certificate chain, and the CA that
// vouches for it.
type identity struct {
	own      bool         // the user's, and not a demonstration's
	signer   *dagger.File // nil for the program e2e itself
	chain    *dagger.File
	ca       *dagger.File
	keyFile  *dagger.File      // of a demonstration
	keys     *dagger.Directory // all that was made for one
	key      *dagger.Secret    // of the user
	keyID    string
	timeout  string
	envelope string
	conceal  []string // flags that name more secrets of the signer
}

const (
	identityFolder = "/run/identity"
	keyPath        = "/run/secrets/key"
)

// A signerFiles is what a user gives of a signer.
type signerFiles struct {
	program, chain *dagger.File
	ca             *dagger.File // nil for the root of the chain
	key            *dagger.Secret
}

// newIdentity is the user's, or without a signer a fresh one.
func newIdentity(ctx context.Context, box *dagger.Container, files signerFiles) (identity, error) {
	if files.program == nil {
		return demonstration(ctx, box, "container-signing demonstration", newRun())
	}
	const chain, ca = "/run/chain", "/run/ca"
	box = box.WithMountedFile(chain, files.chain)
	arguments := command.Authorities(identityFolder, chain, "")
	if files.ca != nil {
		box = box.WithMountedFile(ca, files.ca)
		arguments = command.Authorities(identityFolder, chain, ca)
	}
	made, err := evaluate(ctx, "reading the certificate chain", failure.Given{}, box.WithExec(arguments))
	if err != nil {
		return identity{}, err
	}
	return identity{
		own: true, signer: files.program, chain: files.chain, key: files.key, ca: made.File(identityFolder + "/ca.crt"),
		keyID: "demonstration", timeout: "60s", envelope: "jws",
	}, nil
}

// demonstration is an identity that a run makes for itself. Its key vouches for
// nothing, and may be in a layer; a user's never is.
func demonstration(ctx context.Context, box *dagger.Container, name, run string) (identity, error) {
	made, err := evaluate(ctx, "making certificates", failure.Given{},
		anew(box, run).WithExec(command.Certificates(identityFolder, name)))
	if err != nil {
		return identity{}, err
	}
	in := made.Directory(identityFolder)
	return identity{
		chain: in.File("chain.crt"), ca: in.File("ca.crt"), keyFile: in.File("signer.key"), keys: in,
		keyID: "demonstration", timeout: "60s", envelope: "jws",
	}, nil
}

// provide gives a container what the signer needs.
func (i identity) provide(container *dagger.Container) *dagger.Container {
	container = container.WithMountedFile(identityFolder+"/chain", i.chain)
	if i.signer != nil {
		container = container.
			WithFile(identityFolder+"/signer", i.signer, dagger.ContainerWithFileOpts{Permissions: 0o755})
	}
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

// signing is what `e2e sign` needs to know of what provide has provided.
func (i identity) signing() command.Signing {
	signing := command.Signing{
		Signer: command.DemonstrationSigner, CertificateChain: identityFolder + "/chain",
		KeyID: i.keyID, Timeout: i.timeout, Envelope: i.envelope, Conceal: i.conceal,
	}
	if i.signer != nil {
		signing.Signer = identityFolder + "/signer"
	}
	if i.key != nil {
		signing.Conceal = slices.Concat(command.ConcealFile(keyPath), i.conceal)
	}
	return signing
}

// given is what explains a failure of the signer.
func (i identity) given(at access) failure.Given {
	explains := given(at)
	explains.Signer, explains.Key = i.own, i.key != nil
	return explains
}
