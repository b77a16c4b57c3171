package main

import (
	"context"
	"fmt"

	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/reference"
	"dagger/container-signing/internal/request"
)

// A signPlan says what to sign, and with what.
type signPlan struct {
	images                   []string
	registry                 *dagger.Service
	credentials              *dagger.Secret
	plainHTTP                bool
	parallel                 int
	base                     *dagger.Container
	files                    signerFiles
	secrets                  []*dagger.Secret
	environment              []string
	service                  *dagger.Service // that the signer calls
	keyID, timeout, envelope string
}

// check finds what can be known to be wrong before anything is run.
func (p signPlan) check() ([]reference.Image, error) {
	given := request.Signer{
		Program: p.files.program != nil, CertificateChain: p.files.chain != nil,
		CA: p.files.ca != nil, Key: p.files.key != nil,
	}
	if err := given.Check(); err != nil {
		return nil, err
	}
	if err := request.Timeout("signer-timeout", p.timeout); err != nil {
		return nil, err
	}
	if err := request.Envelope(p.envelope); err != nil {
		return nil, err
	}
	return request.Images(p.images, p.registry != nil)
}

// sign signs images by a plan.
func (m *ContainerSigning) sign(ctx context.Context, plan signPlan) (*Signed, error) {
	images, err := plan.check()
	if err != nil {
		return nil, err
	}
	box, err := m.signingBox(ctx, plan.base)
	if err != nil {
		return nil, err
	}
	by, err := newIdentity(ctx, box, plan.files)
	if err != nil {
		return nil, err
	}
	by.keyID, by.timeout, by.envelope = plan.keyID, plan.timeout, plan.envelope
	if box, by.conceal, err = withSecrets(ctx, box, plan.secrets); err != nil {
		return nil, err
	}
	if box, err = withEnvironment(box, plan.environment); err != nil {
		return nil, err
	}
	if plan.service != nil {
		box = box.WithServiceBinding("signer", plan.service)
	}
	if !by.own {
		fmt.Println("No --signer is given: this demonstrates, with a certificate authority made for it.")
	}
	at := newAccess(images[0].Registry(), plan.registry, plan.credentials, plan.plainHTTP)
	result, err := sign(ctx, box, by, at, images, plan.parallel, newRun())
	if err != nil {
		return nil, err
	}
	return newSigned(ctx, m, result, at, by.ca, images...)
}

// sign signs images of one registry in a container that has what the signer
// needs. It returns what `e2e sign` tells of them.
func sign(
	ctx context.Context,
	box *dagger.Container,
	by identity,
	at access,
	images []reference.Image,
	parallel int,
	run string,
) (*dagger.File, error) {
	signing, err := signingStep(ctx, box, by, at, images, parallel, run)
	if err != nil {
		return nil, err
	}
	signed, err := evaluate(ctx, "signing", by.given(at), signing.step(dagger.ReturnTypeSuccess))
	if err != nil {
		return nil, err
	}
	return signed.File(signedResult), nil
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
func signingStep(
	ctx context.Context,
	box *dagger.Container,
	by identity,
	at access,
	images []reference.Image,
	parallel int,
	run string,
) (signing, error) {
	asked := by.signing()
	asked.Images, asked.Parallel, asked.Output, asked.Insecure = images, parallel, signedResult, at.Insecure(
		"--plain-http",
	)
	box, command, err := reach(ctx, by.provide(box), asked.Command(), at)
	if err != nil {
		return signing{}, err
	}
	return signing{anew(box, run), command}, nil
}
