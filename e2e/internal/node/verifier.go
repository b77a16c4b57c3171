package node

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// ConfigureVerifier writes, beside the trust policy in the folder trust, which
// registries the image verifier speaks plain HTTP with.
func ConfigureVerifier(trust string, plainHTTP []string) error {
	config, err := json.Marshal(map[string][]string{"insecureRegistries": plainHTTP})
	if err != nil {
		return fmt.Errorf("encoding the configuration of the image verifier: %w", err)
	}
	if err := os.MkdirAll(trust, 0o700); err != nil {
		return fmt.Errorf("making the folder of notation's configuration: %w", err)
	}
	if err := os.WriteFile(filepath.Join(trust, "config.json"), config, 0o600); err != nil {
		return fmt.Errorf("configuring the image verifier: %w", err)
	}
	return nil
}
