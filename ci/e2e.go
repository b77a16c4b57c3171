package main

import (
	"context"
	"errors"

	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/verdict"
)

// Show the whole chain: sign, copy to production, admit and refuse
//
// An image is signed in a CI registry and copied to production, and Kubernetes
// with Kyverno admits it and refuses others. It prints a table of verdicts, and
// fails if one of them isn't as expected. Images, tools, policies and workloads
// are those of `go run ./e2e`.
//
// +cache="session"
func (m *ContainerSigning) E2e(
	ctx context.Context,
	// Image to sign. By default one that is made from Go modules.
	image string, // +optional
	// The image's registry, where it is a service or on your machine: tcp://localhost:5002.
	registry *dagger.Service, // +optional
	// Docker's config.json with the credentials of the registry.
	registryCredentials *dagger.Secret, // +optional
	// The registry speaks plain HTTP, as one on loopback does anyway.
	plainHttp bool, // +optional
	// Your signer: a program or script. By default a demonstration's.
	signer *dagger.File, // +optional
	// The certificate chain of your signer, PEM or DER.
	certificateChain *dagger.File, // +optional
	// The private key, for a signer such as scripts/openssl.sh that finds it by EXTERNAL_PRIVATE_KEY.
	key *dagger.Secret, // +optional
	// More secrets for the signer: env:NAME is NAME in its environment, any other a file /run/secrets/NAME.
	secrets []*dagger.Secret, // +optional
	// The policy's kind: imagevalidatingpolicy or clusterpolicy.
	policy string, // +default="imagevalidatingpolicy"
	// Run a node too, in a privileged container: admitted pods start, and ways around the policy are tried.
	node bool, // +optional
	// What names this run. A new name does all of it anew; the function report has the report of a name.
	run string, // +optional
) (string, error) {
	judged, err := m.chain(ctx, chainPlan{
		source: source{image: image, registry: registry, credentials: registryCredentials, plainHTTP: plainHttp},
		files:  signerFiles{program: signer, chain: certificateChain, key: key}, secrets: secrets,
		policy: policy, node: node, name: run,
	})
	if err != nil {
		return "", err
	}
	if judged.surprise != "" {
		return "", errors.New(judged.surprise)
	}
	return judged.report.File(verdict.TableFile).Contents(ctx)
}

// The report of a run of e-2-e: report.json, junit.xml, table.txt
//
// It takes what `e-2-e` takes. With the name and the options of a run that has
// been, nothing is run again. It fails if there are no verdicts, and doesn't if
// they aren't as expected.
//
// +cache="session"
func (m *ContainerSigning) Report(
	ctx context.Context,
	// Image to sign. By default one that is made from Go modules.
	image string, // +optional
	// The image's registry, where it is a service or on your machine: tcp://localhost:5002.
	registry *dagger.Service, // +optional
	// Docker's config.json with the credentials of the registry.
	registryCredentials *dagger.Secret, // +optional
	// The registry speaks plain HTTP, as one on loopback does anyway.
	plainHttp bool, // +optional
	// Your signer: a program or script. By default a demonstration's.
	signer *dagger.File, // +optional
	// The certificate chain of your signer, PEM or DER.
	certificateChain *dagger.File, // +optional
	// The private key, for a signer such as scripts/openssl.sh that finds it by EXTERNAL_PRIVATE_KEY.
	key *dagger.Secret, // +optional
	// More secrets for the signer: env:NAME is NAME in its environment, any other a file /run/secrets/NAME.
	secrets []*dagger.Secret, // +optional
	// The policy's kind: imagevalidatingpolicy or clusterpolicy.
	policy string, // +default="imagevalidatingpolicy"
	// Run a node too, in a privileged container: admitted pods start, and ways around the policy are tried.
	node bool, // +optional
	// What names the run.
	run string, // +optional
) (*dagger.Directory, error) {
	judged, err := m.chain(ctx, chainPlan{
		source: source{image: image, registry: registry, credentials: registryCredentials, plainHTTP: plainHttp},
		files:  signerFiles{program: signer, chain: certificateChain, key: key}, secrets: secrets,
		policy: policy, node: node, name: run,
	})
	return judged.report, err
}
