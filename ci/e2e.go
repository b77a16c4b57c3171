package main

import (
	"context"
	"errors"

	"dagger/container-signing/internal/dagger"
)

// Show the whole chain: an image signed in a CI registry, copied to production,
// and what Kubernetes with Kyverno admits and refuses
//
// It prints a table of verdicts, and fails if one of them isn't as expected.
// Images, tools, policies and workloads are those of `go run ./e2e`.
//
// +cache="session"
func (m *ContainerSigning) E2e(
	ctx context.Context,
	// Image to sign. By default one that is made from Go modules.
	//
	// +optional
	image string,
	// Docker's config.json with the credentials to read that image.
	//
	// +optional
	registryCredentials *dagger.Secret,
	// Your signer: a program or script. By default a demonstration's.
	//
	// +optional
	signer *dagger.File,
	// The certificate chain of your signer, PEM or DER.
	//
	// +optional
	certificateChain *dagger.File,
	// The private key, for a signer such as scripts/openssl.sh.
	//
	// +optional
	key *dagger.Secret,
	// More secrets for the signer. env:NAME is NAME in its environment, any
	// other is a file /run/secrets/NAME.
	//
	// +optional
	secrets []*dagger.Secret,
	// The policy's kind: imagevalidatingpolicy or clusterpolicy.
	//
	// +default="imagevalidatingpolicy"
	policy string,
	// Run a node too, so that admitted pods start and what goes around the
	// policy meets containerd's image verifier. It is a privileged container.
	//
	// +optional
	node bool,
	// What names this run. A name that hasn't been before does all of it anew;
	// `report` with the same name has its report.
	//
	// +optional
	run string,
) (string, error) {
	judged, err := m.chain(ctx, chainPlan{
		image: image, credentials: registryCredentials, signer: signer, certificateChain: certificateChain,
		key: key, secrets: secrets, policy: policy, node: node, name: run,
	})
	if err != nil {
		return "", err
	}
	if judged.surprise != "" {
		return "", errors.New(judged.surprise)
	}
	return judged.report.File("table.txt").Contents(ctx)
}

// The report of a run of `e2e` as a folder: report.json, junit.xml, table.txt
//
// It takes what `e2e` takes. With the name and the options of a run that has
// been, nothing is run again. It fails if there are no verdicts, and doesn't if
// they aren't as expected.
//
// +cache="session"
func (m *ContainerSigning) Report(
	ctx context.Context,
	// Image to sign. By default one that is made from Go modules.
	//
	// +optional
	image string,
	// Docker's config.json with the credentials to read that image.
	//
	// +optional
	registryCredentials *dagger.Secret,
	// Your signer: a program or script. By default a demonstration's.
	//
	// +optional
	signer *dagger.File,
	// The certificate chain of your signer, PEM or DER.
	//
	// +optional
	certificateChain *dagger.File,
	// The private key, for a signer such as scripts/openssl.sh.
	//
	// +optional
	key *dagger.Secret,
	// More secrets for the signer. env:NAME is NAME in its environment, any
	// other is a file /run/secrets/NAME.
	//
	// +optional
	secrets []*dagger.Secret,
	// The policy's kind: imagevalidatingpolicy or clusterpolicy.
	//
	// +default="imagevalidatingpolicy"
	policy string,
	// Run a node too, so that admitted pods start and what goes around the
	// policy meets containerd's image verifier. It is a privileged container.
	//
	// +optional
	node bool,
	// What names the run.
	//
	// +optional
	run string,
) (*dagger.Directory, error) {
	judged, err := m.chain(ctx, chainPlan{
		image: image, credentials: registryCredentials, signer: signer, certificateChain: certificateChain,
		key: key, secrets: secrets, policy: policy, node: node, name: run,
	})
	return judged.report, err
}
