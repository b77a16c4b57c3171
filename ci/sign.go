package main

import (
	"context"

	"dagger/container-signing/internal/dagger"
)

// Sign images where they are, in their registry
//
// Without a signer it demonstrates, with a certificate authority that nobody
// knows; it says so. With one, Notation hands it the payload on standard input
// and takes the signature from its standard output; docs/signers.md says what
// else it is told. It finds sh, openssl and curl, or what is in --base.
//
// What comes back has the references by digest, and goes on: verify, inspect,
// copy, bundle.
//
// +cache="session"
func (m *ContainerSigning) Sign(
	ctx context.Context,
	// Image to sign, such as registry.example.com/app:1.0; one that can't be signed doesn't stop the others.
	image []string,
	// Your signer: a program or script.
	signer *dagger.File, // +optional
	// The certificate chain of your signer, PEM or DER.
	certificateChain *dagger.File, // +optional
	// The CA to trust, where it isn't the root of the chain.
	ca *dagger.File, // +optional
	// The private key, for a signer such as scripts/openssl.sh that finds it by EXTERNAL_PRIVATE_KEY.
	key *dagger.Secret, // +optional
	// More secrets for the signer: env:NAME is NAME in its environment, any other a file /run/secrets/NAME.
	secrets []*dagger.Secret, // +optional
	// More of the signer's environment, as NAME=VALUE. No secrets.
	signerEnv []string, // +optional
	// A service that the signer calls, as "signer": one of a pipeline, or tcp://localhost:8080 on your machine.
	signerService *dagger.Service, // +optional
	// The key id that the signer is told.
	keyId string, // +default="demonstration"
	// How long the signer may take, such as 90s or 30m.
	signerTimeout string, // +default="60s"
	// The signature's envelope: jws or cose.
	signatureFormat string, // +default="jws"
	// The image's registry, where it is a service or on your machine: tcp://localhost:5002.
	registry *dagger.Service, // +optional
	// Docker's config.json with the credentials of the registry.
	registryCredentials *dagger.Secret, // +optional
	// The registry speaks plain HTTP, as one on loopback does anyway.
	plainHttp bool, // +optional
	// How many images to sign at a time.
	parallel int, // +default=4
	// A container to sign in that has what the signer needs, such as pkcs11-tool. The tools are added to it.
	base *dagger.Container, // +optional
) (*Signed, error) {
	return m.sign(ctx, signPlan{
		images: image, registry: registry, credentials: registryCredentials, plainHTTP: plainHttp,
		files:   signerFiles{program: signer, chain: certificateChain, ca: ca, key: key},
		secrets: secrets, environment: signerEnv, service: signerService,
		keyID: keyId, timeout: signerTimeout, envelope: signatureFormat, parallel: parallel, base: base,
	})
}
