// How a pipeline of yours uses the module container-signing.
package main

import (
	"context"

	"dagger/container-signing/examples/go/internal/dagger"
)

type Examples struct{}

// Sign an image, copy it to production and verify it there.
func (m *Examples) ContainerSigning_Release(
	ctx context.Context,
	// A program that reads a payload and writes its signature, such as scripts/openssl.sh.
	signer *dagger.File,
	// The certificate chain of the signer's key.
	chain *dagger.File,
	// The private key, which scripts/openssl.sh finds by EXTERNAL_PRIVATE_KEY.
	key *dagger.Secret,
	// Docker's config.json with the credentials of both registries.
	credentials *dagger.Secret,
) (string, error) {
	return dag.ContainerSigning().
		Sign([]string{"registry.example.com/app:1.0"}, dagger.ContainerSigningSignOpts{
			Signer: signer, CertificateChain: chain, Key: key, RegistryCredentials: credentials,
		}).
		Copy("registry.example.com/production/app:1.0").
		Verify(ctx)
}

// Prove the whole chain, from signing to admission: a table of verdicts, or an error.
func (m *Examples) ContainerSigningE2e(ctx context.Context) (string, error) {
	return dag.ContainerSigning().E2E(ctx)
}

// Prove it with an image, a signer and a policy of your own, on a node that runs what is admitted.
func (m *Examples) ContainerSigningE2e_Own(
	ctx context.Context,
	signer *dagger.File,
	chain *dagger.File,
	key *dagger.Secret,
) (string, error) {
	return dag.ContainerSigning().E2E(ctx, dagger.ContainerSigningE2EOpts{
		Image: "registry.example.com/app:1.0", Policy: "clusterpolicy", Node: true,
		Signer: signer, CertificateChain: chain, Key: key,
	})
}

// Keep the report of a run: report.json, junit.xml and table.txt.
func (m *Examples) ContainerSigningReport(
	// What names the run, such as the number of your pipeline's.
	run string,
) *dagger.Directory {
	return dag.ContainerSigning().Report(dagger.ContainerSigningReportOpts{Run: run})
}

// Sign two images at a time, and return their references by digest.
func (m *Examples) ContainerSigningSign(
	ctx context.Context,
	signer *dagger.File,
	chain *dagger.File,
	key *dagger.Secret,
) ([]string, error) {
	images := []string{"registry.example.com/app:1.0", "registry.example.com/worker:1.0"}
	return dag.ContainerSigning().
		Sign(images, dagger.ContainerSigningSignOpts{Signer: signer, CertificateChain: chain, Key: key}).
		References(ctx)
}

// Sign by a signing service, whose token only the signer sees.
func (m *Examples) ContainerSigningSign_Service(
	ctx context.Context,
	// The project's scripts/http.sh.
	signer *dagger.File,
	// The certificate chain of the service's key.
	chain *dagger.File,
	// The token, in the file token.txt.
	token *dagger.Secret,
) ([]string, error) {
	return dag.ContainerSigning().
		Sign([]string{"registry.example.com/app:1.0"}, dagger.ContainerSigningSignOpts{
			Signer: signer, CertificateChain: chain, Secrets: []*dagger.Secret{token},
			SignerEnv: []string{
				"EXTERNAL_SIGNER_URL=https://signer.example.com/sign",
				"EXTERNAL_SIGNER_TOKEN_FILE=/run/secrets/token.txt",
			},
			SignerTimeout: "30s",
		}).
		References(ctx)
}

// Verify an image with a CA, as notation does.
func (m *Examples) ContainerSigningVerify(ctx context.Context, ca *dagger.File) (string, error) {
	return dag.ContainerSigning().Verify(ctx, "registry.example.com/production/app:1.0", ca)
}

// Copy a signed image to another registry, with its signatures.
func (m *Examples) ContainerSigningCopy(
	ctx context.Context,
	// Docker's config.json with the credentials of both registries.
	credentials *dagger.Secret,
) ([]string, error) {
	return dag.ContainerSigning().
		Copy("ci.example.com/app:1.0", "production.example.com/app:1.0",
			dagger.ContainerSigningCopyOpts{RegistryCredentials: credentials}).
		Digests(ctx)
}

// Put a signed image and its signatures into one file, to be carried over an air gap.
func (m *Examples) ContainerSigningBundle() *dagger.File {
	return dag.ContainerSigning().Bundle("registry.example.com/app:1.0")
}

// Load that file into a registry on the other side.
func (m *Examples) ContainerSigningLoad(ctx context.Context, bundle *dagger.File) ([]string, error) {
	return dag.ContainerSigning().Load(bundle, "production.example.com/app:1.0").References(ctx)
}

// Judge what a cluster of your own admits, and return the report.
func (m *Examples) ContainerSigningAdmit(
	// A folder with admit/ and deny/.
	workloads *dagger.Directory,
	ca *dagger.File,
	kubeconfig *dagger.Secret,
) *dagger.Directory {
	return dag.ContainerSigning().
		Admit(workloads, ca, dagger.ContainerSigningAdmitOpts{Kubeconfig: kubeconfig, Tolerate: true})
}

// Try to get unsigned images into a cluster of your own, and return which lock stops each.
func (m *Examples) ContainerSigningAttack(
	kubeconfig *dagger.Secret,
	// Docker's config.json with the credentials of both repositories.
	credentials *dagger.Secret,
) *dagger.Directory {
	return dag.ContainerSigning().
		Attack(kubeconfig, "registry.example.com/scratch", dagger.ContainerSigningAttackOpts{
			Signed: "registry.example.com/app:1.0", RegistryCredentials: credentials, Tolerate: true,
		})
}

// Publish the built tools once, so that no other engine has to build them.
func (m *Examples) ContainerSigningTools(ctx context.Context) (string, error) {
	return dag.ContainerSigning().Tools().Publish(ctx, "registry.example.com/container-signing/tools:1")
}

// Use the tools that were published.
func (m *Examples) ContainerSigningTools_Published(ctx context.Context) (string, error) {
	tools := dag.Container().From("registry.example.com/container-signing/tools:1")
	return dag.ContainerSigning(dagger.ContainerSigningOpts{Tools: tools}).E2E(ctx)
}

// Build the plugin for another platform.
func (m *Examples) ContainerSigningPlugin() *dagger.File {
	return dag.ContainerSigning().Plugin(dagger.ContainerSigningPluginOpts{Platform: "linux/arm64"})
}

// Sign and verify in a registry of this run's own, without anything of yours.
func (m *Examples) ContainerSigningRegistry(ctx context.Context) (string, error) {
	registry := dag.ContainerSigning().Registry()
	_, err := dag.ContainerSigning().Toolbox().
		WithServiceBinding("registry", registry).
		WithNewFile("/app/hello.txt", "hello\n").
		WithWorkdir("/app").
		WithExec([]string{"oras", "push", "--plain-http", "registry:5000/hello:1.0", "hello.txt"}).
		Sync(ctx)
	if err != nil {
		return "", err
	}
	return dag.ContainerSigning().
		Sign([]string{"localhost:5000/hello:1.0"}, dagger.ContainerSigningSignOpts{Registry: registry}).
		Verify(ctx)
}
