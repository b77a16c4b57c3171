package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/notaryproject/notation-go/dir"
	"github.com/notaryproject/notation-go/verifier"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"

	"github.com/notaryproject/notation-go"

	"container-signing/internal/hint"
)

// defaultConfig is where notation's configuration for containerd is expected:
// containerd has no home.
const (
	defaultConfig = "/etc/containerd/notation"
	trustVariable = "NOTATION_CONFIG"
)

// A trust is what this machine demands of an image.
type trust struct {
	policy   *trustpolicy.TrustPolicy // that applies to the image
	verifier notation.Verifier
}

// loadTrust reads the trust policy that applies to an image, and the
// certificates that it trusts. It comes before the registry is asked: where
// these can't be read, no image can be judged.
func loadTrust(ctx context.Context, r request) (trust, error) {
	dir.UserConfigDir = os.Getenv(trustVariable)
	if dir.UserConfigDir == "" {
		dir.UserConfigDir = defaultConfig
	}
	document, err := trustpolicy.LoadDocument()
	if err != nil {
		return trust{}, fmt.Errorf("reading the trust policy in %q: %w", dir.UserConfigDir, err)
	}
	store := truststore.NewX509TrustStore(dir.ConfigFS())
	// No plugins: a verifier of containerd runs as root, and starts nothing
	// that a signature asks for.
	v, err := verifier.New(document, store, nil)
	if err != nil {
		return trust{}, fmt.Errorf("reading the trust policy in %q: %w", dir.UserConfigDir, err)
	}
	policy, err := document.GetApplicableTrustPolicy(r.reference.String())
	if err != nil {
		return trust{}, err
	}
	return trust{policy, v}, checkStores(ctx, policy, store)
}

// checkStores reads all trust stores of a policy.
func checkStores(ctx context.Context, policy *trustpolicy.TrustPolicy, store truststore.X509TrustStore) error {
	for _, name := range policy.TrustStores {
		storeType, named, found := strings.Cut(name, ":")
		if !found {
			return fmt.Errorf("reading trust store %q: it isn't TYPE:NAME", name)
		}
		if _, err := store.GetCertificates(ctx, truststore.Type(storeType), named); err != nil {
			return hint.Add(fmt.Errorf("reading trust store %q in %q: %w", name, dir.UserConfigDir, err),
				"add its certificates with notation cert add")
		}
	}
	return nil
}
