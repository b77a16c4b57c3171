package notation

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// TrustName names the trust store and the trust policy of a run.
const TrustName = "container-signing"

// Trust makes notation trust what the certificate authority in the file ca
// vouches for, at the strictest level of verification. It writes the trust
// policy that it imports to the folder dir.
func (c CLI) Trust(ctx context.Context, store, ca, dir string) error {
	if err := c.AddCA(ctx, store, ca); err != nil {
		return err
	}
	file := filepath.Join(dir, "trustpolicy.json")
	if err := writeTrustPolicy(file, store); err != nil {
		return err
	}
	return c.ImportPolicy(ctx, file)
}

// AddCA adds the certificate authority in the file ca to a trust store of the
// type ca.
func (c CLI) AddCA(ctx context.Context, store, ca string) error {
	if _, err := c.Run(ctx, "cert", "add", "--type", "ca", "--store", store, ca); err != nil {
		return fmt.Errorf("trusting the CA %q: %w", ca, err)
	}
	return nil
}

// ImportPolicy makes the file of a trust policy notation's own.
func (c CLI) ImportPolicy(ctx context.Context, file string) error {
	if _, err := c.Run(ctx, "policy", "import", "--force", file); err != nil {
		return fmt.Errorf("importing the trust policy: %w", err)
	}
	return nil
}

// writeTrustPolicy writes a trust policy document, as the Notary Project trust
// store and trust policy specification describes it, that demands of all images
// the strictest level of verification by the CAs of a trust store.
func writeTrustPolicy(file, store string) error {
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
