// Package contract speaks the contract between notation and its plugins, and
// leaves the work to the packages beside it.
//
// Source: https://github.com/notaryproject/specifications/blob/main/specs/plugin-extensibility.md
package contract

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/notaryproject/notation-plugin-framework-go/plugin"

	"container-signing/internal/hint"
	"container-signing/internal/keyspec"
	"container-signing/plugin/internal/chain"
	"container-signing/plugin/internal/config"
	"container-signing/plugin/internal/signature"
	"container-signing/plugin/internal/signer"
)

// Name is the plugin's name. Notation finds its executable as notation-NAME.
const Name = "external-signer"

// Version is the plugin's version, a semantic one: notation plugin install
// refuses to go back to an older one.
const Version = "1.0.0"

// source is where the plugin comes from, as a package URL of its Go module and the
// folder in it: notation insists on a URL, and the module has no website.
//
// Source: https://github.com/package-url/purl-spec
const source = "pkg:golang/container-signing#plugin"

// ExternalSigner is the plugin.
type ExternalSigner struct{}

var _ plugin.Plugin = ExternalSigner{}

// GetMetadata says what the plugin is and can do.
func (ExternalSigner) GetMetadata(context.Context, *plugin.GetMetadataRequest) (*plugin.GetMetadataResponse, error) {
	return &plugin.GetMetadataResponse{
		Name:                      Name,
		Description:               "Sign with any program: payload on its stdin, signature from its stdout",
		Version:                   Version,
		URL:                       source,
		SupportedContractVersions: []string{plugin.ContractVersion},
		Capabilities:              []plugin.Capability{plugin.CapabilitySignatureGenerator},
	}, nil
}

// DescribeKey takes the key's type from the leaf certificate. It starts no
// signer, and works without one.
func (ExternalSigner) DescribeKey(
	_ context.Context, request *plugin.DescribeKeyRequest,
) (_ *plugin.DescribeKeyResponse, err error) {
	defer recoverInto(&err)
	if err := checkVersion(request.ContractVersion); err != nil {
		return nil, err
	}
	key, err := load(request.PluginConfig)
	if err != nil {
		return nil, pluginError(err)
	}
	return &plugin.DescribeKeyResponse{KeyID: request.KeyID, KeySpec: plugin.KeySpec(key.spec.Name)}, nil
}

// GenerateSignature runs the signer, and returns its signature only if the leaf
// certificate verifies it.
func (ExternalSigner) GenerateSignature(
	ctx context.Context, request *plugin.GenerateSignatureRequest,
) (_ *plugin.GenerateSignatureResponse, err error) {
	defer recoverInto(&err)
	if err := checkVersion(request.ContractVersion); err != nil {
		return nil, err
	}
	key, err := load(request.PluginConfig)
	if err != nil {
		return nil, pluginError(err)
	}
	raw, err := key.sign(ctx, request)
	if err != nil {
		return nil, pluginError(err)
	}
	response := &plugin.GenerateSignatureResponse{
		KeyID: request.KeyID, Signature: raw, SigningAlgorithm: plugin.SignatureAlgorithm(key.spec.SigningAlgorithm),
	}
	for _, certificate := range key.chain {
		response.CertificateChain = append(response.CertificateChain, certificate.Raw)
	}
	return response, nil
}

// GenerateEnvelope isn't a capability of this plugin.
func (ExternalSigner) GenerateEnvelope(
	context.Context, *plugin.GenerateEnvelopeRequest,
) (*plugin.GenerateEnvelopeResponse, error) {
	return nil, plugin.NewUnsupportedError(string(plugin.CommandGenerateEnvelope))
}

// VerifySignature isn't a capability of this plugin.
func (ExternalSigner) VerifySignature(
	context.Context, *plugin.VerifySignatureRequest,
) (*plugin.VerifySignatureResponse, error) {
	return nil, plugin.NewUnsupportedError(string(plugin.CommandVerifySignature))
}

// key is the configured signing key.
type key struct {
	config config.Config
	chain  []*x509.Certificate
	spec   keyspec.Spec
}

func load(pluginConfig map[string]string) (key, error) {
	settings, err := config.Read(pluginConfig, os.Getenv)
	if err != nil {
		return key{}, err
	}
	if settings.CertificateChain == "" {
		return key{}, config.MissingError(config.KeyCertificateChain,
			"the file that holds the certificates of the key, from the leaf to the root,")
	}
	certificates, err := chain.Load(settings.CertificateChain, time.Now())
	if err != nil {
		return key{}, err
	}
	spec, err := keyspec.Of(certificates[0].PublicKey)
	if err != nil {
		return key{}, fmt.Errorf("reading certificate chain %q: certificate %q: %w",
			settings.CertificateChain, certificates[0].Subject, err)
	}
	return key{settings, certificates, spec}, nil
}

func (k key) sign(ctx context.Context, request *plugin.GenerateSignatureRequest) ([]byte, error) {
	if len(k.config.Signer) == 0 {
		return nil, config.MissingError(config.KeySigner, "the program that signs, with its arguments,")
	}
	if err := k.check(request); err != nil {
		return nil, err
	}
	command := signer.Command{
		Args: k.config.Signer,
		Env: []string{
			"SIGNER_KEY_ID=" + request.KeyID,
			"SIGNER_KEY_SPEC=" + k.spec.Name,
			"SIGNER_HASH_ALGORITHM=" + k.spec.Hash.String(),
			"SIGNER_SIGNING_ALGORITHM=" + k.spec.SigningAlgorithm,
		},
		Stdin:     request.Payload,
		MaxOutput: signature.MaxOutput,
		Timeout:   k.config.Timeout,
	}
	ctx, stop := signer.WithInterrupts(ctx)
	defer stop()
	output, err := signer.Run(ctx, command)
	if err != nil {
		return nil, err
	}
	raw, err := signature.Key{Public: k.chain[0].PublicKey, Spec: k.spec}.From(output.Stdout, request.Payload)
	if err != nil {
		return nil, command.Rejected(fmt.Errorf("checking the signature: %w", err), output)
	}
	return raw, nil
}

// check sees that what is asked for can be done with the key.
func (k key) check(request *plugin.GenerateSignatureRequest) error {
	if string(request.KeySpec) != k.spec.Name || string(request.Hash) != k.spec.Hash.String() {
		err := fmt.Errorf("a signature by %s with %s is asked for, but the leaf certificate in %q is for %s with %v",
			request.KeySpec, request.Hash, k.config.CertificateChain, k.spec.Name, k.spec.Hash)
		return hint.Add(err, "see that the chain file isn't changed while signing")
	}
	if strings.ContainsRune(request.KeyID, 0) {
		err := fmt.Errorf("key id %q contains a NUL, which can't be passed on to the signer", request.KeyID)
		return hint.Add(err, "choose another one")
	}
	return nil
}
