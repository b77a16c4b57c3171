package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"container-signing/internal/pki"
)

// An ownIdentity is a user's own key and certificates, in files.
type ownIdentity struct{ key, chain, ca string }

// newIdentity makes a key and certificates of a user's own in dir.
func newIdentity(t *testing.T, dir, keySpec string) ownIdentity {
	t.Helper()
	authority, err := pki.NewAuthority("somebody's CA", keySpec)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := authority.NewSigner("somebody", keySpec)
	if err != nil {
		t.Fatal(err)
	}
	key, err := leaf.KeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return filepath.Join(dir, name) }
	writeFile(t, in("signer.key"), string(key))
	writeFile(t, in("chain.crt"), string(pki.EncodePEM(leaf.X509, authority.X509)))
	writeFile(t, in("ca.crt"), string(authority.PEM()))
	return ownIdentity{in("signer.key"), in("chain.crt"), in("ca.crt")}
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	output, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(output))
}
