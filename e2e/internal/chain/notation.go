package chain

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"container-signing/e2e/internal/process"
)

// Notation is the notation CLI with a configuration of its own.
type Notation struct{ process.Tool }

// TrustName names the trust store and the trust policy of a run.
const TrustName = "container-signing"

// NewNotation makes of the notation CLI one with an empty configuration in
// dir.
func NewNotation(tool process.Tool, dir string) Notation {
	tool.Env = append(tool.Env[:len(tool.Env):len(tool.Env)], "XDG_CONFIG_HOME="+dir)
	return Notation{tool}
}

// Signing says with what an image is signed.
type Signing struct {
	// Signer is the signer's program and arguments, as a POSIX shell would
	// split them.
	Signer string
	// CertificateChain is the file of the signer's certificate chain.
	CertificateChain string
	// KeyID is what the signer is told to sign with.
	KeyID string
	// Timeout is how long the signer may take; zero leaves it to the plugin.
	Timeout time.Duration
	// Format of the signature envelope: jws or cose.
	Format string
	// Asks says that the signer may ask at the terminal, such as for a
	// passphrase.
	Asks bool
	// Env is added to the signer's environment.
	Env []string
	// HTTPS says that the registry speaks HTTPS, and not plain HTTP.
	HTTPS bool
}

// InstallPlugin installs the plugin from its file.
func (n Notation) InstallPlugin(ctx context.Context, file string) error {
	if _, err := n.Run(ctx, "plugin", "install", "--file", file); err != nil {
		return fmt.Errorf("installing the plugin: %w", err)
	}
	return nil
}

// terminal is held by the signer that may ask there: two at a time would each
// read half of an answer.
var terminal sync.Mutex

// Sign signs an image through the plugin external-signer.
func (n Notation) Sign(ctx context.Context, s Signing, reference string) error {
	n.Env = append(n.Env[:len(n.Env):len(n.Env)], s.Env...)
	if n.Asks = s.Asks; s.Asks {
		terminal.Lock()
		defer terminal.Unlock()
	}
	if _, err := n.Run(ctx, SignArgs(s, reference)...); err != nil {
		return fmt.Errorf("signing image %q: %w", reference, err)
	}
	return nil
}

// SignArgs returns the arguments of notation that sign an image.
func SignArgs(s Signing, reference string) []string {
	args := []string{"sign"}
	if !s.HTTPS {
		args = append(args, "--insecure-registry")
	}
	args = append(args,
		"--signature-format", s.Format,
		"--plugin", "external-signer", "--id", s.KeyID,
		"--plugin-config", "signer="+s.Signer, "--plugin-config", "certificate-chain="+s.CertificateChain)
	if s.Timeout > 0 {
		args = append(args, "--plugin-config", "timeout="+s.Timeout.String())
	}
	return append(args, reference)
}

// Trust makes notation trust what the certificate authority in the file ca
// vouches for, at the strictest level of verification.
func (n Notation) Trust(ctx context.Context, ca, dir string) error {
	if err := n.AddCA(ctx, TrustName, ca); err != nil {
		return err
	}
	file := filepath.Join(dir, "trustpolicy.json")
	if err := WriteTrustPolicy(file, TrustName); err != nil {
		return err
	}
	return n.ImportPolicy(ctx, file)
}

// AddCA adds the certificate authority in the file ca to a trust store of the
// type ca.
func (n Notation) AddCA(ctx context.Context, store, ca string) error {
	if _, err := n.Run(ctx, "cert", "add", "--type", "ca", "--store", store, ca); err != nil {
		return fmt.Errorf("trusting the CA %q: %w", ca, err)
	}
	return nil
}

// ImportPolicy makes the file of a trust policy notation's own.
func (n Notation) ImportPolicy(ctx context.Context, file string) error {
	if _, err := n.Run(ctx, "policy", "import", "--force", file); err != nil {
		return fmt.Errorf("importing the trust policy: %w", err)
	}
	return nil
}

// WriteTrustPolicy writes a trust policy document, as the Notary Project trust
// store and trust policy specification describes it, that demands of all images
// the strictest level of verification by the CAs of a trust store.
func WriteTrustPolicy(file, store string) error {
	policy, err := json.MarshalIndent(map[string]any{
		"version": "1.0",
		"trustPolicies": []any{map[string]any{
			"name":                  TrustName,
			"registryScopes":        []string{"*"},
			"signatureVerification": map[string]string{"level": "strict"},
			"trustStores":           []string{"ca:" + store},
			"trustedIdentities":     []string{"*"},
		}},
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the trust policy: %w", err)
	}
	if err := os.WriteFile(file, policy, 0o600); err != nil {
		return fmt.Errorf("writing the trust policy: %w", err)
	}
	return nil
}

// Verify verifies an image's signature against what is trusted.
func (n Notation) Verify(ctx context.Context, reference string) error {
	output, err := n.Run(ctx, VerifyArgs(reference)...)
	if err != nil {
		return fmt.Errorf("verifying image %q: %w", reference, err)
	}
	if !strings.Contains(output, "Successfully verified") {
		return fmt.Errorf("verifying image %q: notation doesn't say that it did: %s", reference, output)
	}
	return nil
}

// VerifyArgs returns the arguments of notation that verify an image.
func VerifyArgs(reference string) []string {
	return []string{"verify", "--insecure-registry", reference}
}
