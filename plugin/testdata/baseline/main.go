// Baseline is the least plugin to compare the start of external-signer with: it
// answers get-plugin-metadata, and links what every signing plugin needs.
package main

import (
	"context"
	"crypto/x509"
	"os"
	"os/exec"

	"github.com/notaryproject/notation-plugin-framework-go/cli"
	"github.com/notaryproject/notation-plugin-framework-go/plugin"
)

type baseline struct{ plugin.Plugin }

func (baseline) GetMetadata(context.Context, *plugin.GetMetadataRequest) (*plugin.GetMetadataResponse, error) {
	return &plugin.GetMetadataResponse{
		Name: "baseline", Description: "Nothing", Version: "1.0.0", URL: "none",
		SupportedContractVersions: []string{plugin.ContractVersion},
		Capabilities:              []plugin.Capability{plugin.CapabilitySignatureGenerator},
	}, nil
}

func (baseline) GenerateSignature(
	ctx context.Context, request *plugin.GenerateSignatureRequest,
) (*plugin.GenerateSignatureResponse, error) {
	certificate, err := x509.ParseCertificate(request.Payload)
	if err != nil {
		return nil, err
	}
	signature, err := exec.CommandContext(ctx, request.KeyID).Output()
	return &plugin.GenerateSignatureResponse{Signature: signature, CertificateChain: [][]byte{certificate.Raw}}, err
}

func main() {
	program, err := cli.New(baseline{})
	if err != nil {
		os.Exit(1)
	}
	program.Execute(context.Background(), os.Args)
}
