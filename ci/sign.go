package main

import (
	"context"
	"errors"
	"fmt"

	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/reference"
	"dagger/container-signing/internal/secret"
)

// Sign images where they are, in their registry
//
// Without a signer it demonstrates, with a certificate authority that nobody
// knows; it says so. With one, Notation hands it the payload on standard input
// and takes the signature from its standard output; the project's README says
// what else it is told. It finds sh, openssl and curl, or what is in --base.
//
// What comes back has the references by digest, and goes on: verify, inspect,
// copy, bundle.
//
// +cache="session"
func (m *ContainerSigning) Sign(
	ctx context.Context,
	// Image to sign, such as registry.example.com/app:1.0. Several are signed
	// at the same time, and one that can't be is no reason to stop the others.
	image []string,
	// Your signer: a program or script.
	//
	// +optional
	signer *dagger.File,
	// The certificate chain of your signer, PEM or DER.
	//
	// +optional
	certificateChain *dagger.File,
	// The CA to trust, where it isn't the root of the chain.
	//
	// +optional
	ca *dagger.File,
	// The private key, for a signer such as scripts/openssl.sh that finds its
	// file by EXTERNAL_PRIVATE_KEY.
	//
	// +optional
	key *dagger.Secret,
	// More secrets for the signer. env:NAME is NAME in its environment, any
	// other is a file /run/secrets/NAME.
	//
	// +optional
	secrets []*dagger.Secret,
	// More of the signer's environment, as NAME=VALUE. No secrets.
	//
	// +optional
	signerEnv []string,
	// A service that the signer calls, as "signer": one of a pipeline, or
	// tcp://localhost:8080 on your machine.
	//
	// +optional
	signerService *dagger.Service,
	// The key id that the signer is told.
	//
	// +default="demonstration"
	keyId string,
	// How long the signer may take, such as 90s or 30m.
	//
	// +default="60s"
	signerTimeout string,
	// The signature's envelope: jws or cose.
	//
	// +default="jws"
	signatureFormat string,
	// The images' registry, where it is a service or on your machine:
	// tcp://localhost:5002.
	//
	// +optional
	registry *dagger.Service,
	// Docker's config.json with the credentials of the registry.
	//
	// +optional
	registryCredentials *dagger.Secret,
	// The registry speaks plain HTTP, as one on loopback does anyway.
	//
	// +optional
	plainHttp bool,
	// How many images to sign at a time.
	//
	// +default=4
	parallel int,
	// A container to sign in that has what the signer needs, such as
	// pkcs11-tool. The tools are added to it.
	//
	// +optional
	base *dagger.Container,
) (*Signed, error) {
	if len(image) == 0 {
		return nil, errors.New("there is no --image to sign")
	}
	for _, other := range image[1:] {
		if registry != nil && reference.Host(other) != reference.Host(image[0]) {
			return nil, fmt.Errorf("--registry is one service, but the images %q and %q are in two registries: sign them one by one", image[0], other)
		}
	}
	if (signer == nil) != (certificateChain == nil) {
		return nil, errors.New("--signer and --certificate-chain belong together: the chain is that of the signer's key; give both, or neither for a demonstration")
	}
	if signer == nil && (ca != nil || key != nil) {
		return nil, errors.New("--ca and --key are a signer's: give --signer and --certificate-chain too")
	}
	box, err := m.signingBox(ctx, base)
	if err != nil {
		return nil, err
	}
	identity, err := newIdentity(ctx, box, signer, certificateChain, ca, key)
	if err != nil {
		return nil, err
	}
	identity.keyID, identity.timeout, identity.format = keyId, signerTimeout, signatureFormat
	box, identity.concealed, err = withSecrets(ctx, box, secrets, signerEnv)
	if err != nil {
		return nil, err
	}
	if signerService != nil {
		box = box.WithServiceBinding("signer", signerService)
	}
	at := access{image: image[0], service: registry, credentials: registryCredentials, plainHTTP: plainHttp, alias: "registry"}
	if !identity.own {
		fmt.Println("No --signer is given: this demonstrates, with a certificate authority made for it.")
	}
	return sign(ctx, m, box, identity, at, image, parallel, newRun())
}

// sign signs images of one registry in a container that has what the signer
// needs.
func sign(ctx context.Context, m *ContainerSigning, box *dagger.Container, by identity, at access, images []string, parallel int, run string) (*Signed, error) {
	signing, err := signingStep(ctx, box, by, at, images, parallel, run)
	if err != nil {
		return nil, err
	}
	signed, err := evaluate(ctx, "signing", signing.step(dagger.ReturnTypeSuccess))
	if err != nil {
		return nil, err
	}
	return newSigned(ctx, m, signed.File(signedResult), at, by.ca, images...)
}

// signedResult is where a container tells what it has signed.
const signedResult = "/tmp/signed.json"

// A signing is a container, and the command that signs in it.
type signing struct {
	container *dagger.Container
	command   []string
}

func (s signing) step(expect dagger.ReturnType) *dagger.Container {
	return s.container.WithExec(s.command, dagger.ContainerWithExecOpts{Expect: expect})
}

// signingStep prepares to sign images of one registry.
func signingStep(ctx context.Context, box *dagger.Container, by identity, at access, images []string, parallel int, run string) (signing, error) {
	args := append([]string{"e2e", "sign", "-v", "--output", signedResult, "--parallel", fmt.Sprint(parallel)}, by.flags()...)
	args = append(args, at.insecure("--plain-http")...)
	for _, image := range images {
		args = append(args, "--image", image)
	}
	box, args, err := reach(ctx, by.provide(box), args, at)
	if err != nil {
		return signing{}, err
	}
	return signing{anew(box, run), args}, nil
}

// withSecrets gives a signer its secrets and the rest of its environment, and
// returns the flags with which `e2e sign` conceals the secrets.
func withSecrets(ctx context.Context, container *dagger.Container, secrets []*dagger.Secret, environment []string) (*dagger.Container, []string, error) {
	var concealed []string
	for _, one := range secrets {
		name, err := one.Name(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("reading the name of a secret: %w", err)
		}
		uri, err := one.URI(ctx)
		if err != nil {
			return nil, nil, fmt.Errorf("reading where a secret comes from: %w", err)
		}
		variable, file, err := secret.Place(name, uri)
		if err != nil {
			return nil, nil, err
		}
		if variable != "" {
			container = container.WithSecretVariable(variable, one)
			concealed = append(concealed, "--conceal-env", variable)
		} else {
			container = container.WithMountedSecret(file, one)
			concealed = append(concealed, "--conceal-file", file)
		}
	}
	for _, assignment := range environment {
		name, value, found := cut(assignment)
		if !found {
			return nil, nil, fmt.Errorf("--signer-env %q: give it as NAME=VALUE", assignment)
		}
		container = container.WithEnvVariable(name, value)
	}
	return container, concealed, nil
}
