package cluster

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/client-go/tools/clientcmd"
)

const server = "https://cluster.test:6443"

// newAuthority makes an authority and returns its folder.
func newAuthority(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "made", "for", "it")
	if err := NewAuthority(dir, server); err != nil {
		t.Fatal(err)
	}
	return dir
}

func parseCertificate(t *testing.T, content []byte) *x509.Certificate {
	t.Helper()
	block, rest := pem.Decode(content)
	if block == nil || len(rest) > 0 {
		t.Fatalf("it isn't one certificate in PEM:\n%s", content)
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// TestNewAuthority checks that the authority vouches for the administrator,
// whose kubeconfig can be carried away without the authority's key.
func TestNewAuthority(t *testing.T) {
	dir := newAuthority(t)
	config, err := clientcmd.BuildConfigFromFlags("", filepath.Join(dir, "kubeconfig"))
	if err != nil {
		t.Fatal(err)
	}
	if config.Host != server || config.Insecure || config.ServerName != "" {
		t.Errorf("the kubeconfig calls %q, unverified %v, as %q", config.Host, config.Insecure, config.ServerName)
	}
	ca, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	if string(config.CAData) != string(ca) {
		t.Error("the kubeconfig trusts another authority")
	}
	roots := x509.NewCertPool()
	roots.AddCert(parseCertificate(t, ca))
	administrator := parseCertificate(t, config.CertData)
	options := x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
	if _, err := administrator.Verify(options); err != nil {
		t.Error(err)
	}
	if !slices.Equal(administrator.Subject.Organization, []string{"system:masters"}) || administrator.IsCA {
		t.Errorf("the administrator is %s, CA %v", administrator.Subject, administrator.IsCA)
	}
	key, err := os.ReadFile(filepath.Join(dir, "ca.key"))
	if err != nil {
		t.Fatal(err)
	}
	if string(config.KeyData) == string(key) {
		t.Error("the kubeconfig holds the authority's key")
	}
}

// TestNewAuthorityIsPrivate checks that others can't read what is kept.
func TestNewAuthorityIsPrivate(t *testing.T) {
	dir := newAuthority(t)
	for name, want := range map[string]os.FileMode{"": 0o700, "ca.crt": 0o600, "ca.key": 0o600, "kubeconfig": 0o600} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%q has mode %v, not %v", name, info.Mode().Perm(), want)
		}
	}
}

// TestAuthority reads what NewAuthority has made, and nothing else.
func TestAuthority(t *testing.T) {
	dir, other := newAuthority(t), newAuthority(t)
	if err := CheckAuthority(dir); err != nil {
		t.Error(err)
	}
	kept, err := readAuthority(dir)
	if err != nil {
		t.Fatal(err)
	}
	fresh, err := freshAuthority()
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	if !kept.X509.Equal(parseCertificate(t, ca)) || fresh.X509.Equal(kept.X509) {
		t.Error("the authority that is read isn't the one that is named, or it is the fresh one")
	}
	if err := os.Rename(filepath.Join(other, "ca.key"), filepath.Join(dir, "ca.key")); err != nil {
		t.Fatal(err)
	}
	for folder, words := range map[string]string{
		dir:                           "private key does not match public key",
		other:                         "ca.key: no such file or directory",
		filepath.Join(dir, "nowhere"): "ca.crt: no such file or directory",
	} {
		if err := CheckAuthority(folder); err == nil || !strings.Contains(err.Error(), words) ||
			!strings.Contains(err.Error(), folder) {
			t.Errorf("%s: the error is %v, and not that %s", folder, err, words)
		}
	}
}
