package supply

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"container-signing/internal/hint"
	"container-signing/internal/pki"
	"container-signing/internal/pki/pkitest"
)

// TestReadCertificates reads PEM with words around it, and DER.
func TestReadCertificates(t *testing.T) {
	root := pkitest.Root(t, "root")
	leaf := pkitest.Leaf(t, root, "leaf", pkitest.Key(t, "EC-256"))
	chain := string(pki.EncodePEM(leaf.X509, root.X509))
	for name, content := range map[string]string{
		"PEM": chain, "PEM with words": "the chain:\n" + chain + "that's all\n",
		"PEM with a key": string(pkitest.KeyPEM(t, leaf.Key)) + chain,
		"DER":            string(leaf.X509.Raw) + string(root.X509.Raw),
	} {
		got, err := ReadCertificates(writeTemp(t, content))
		if err != nil || len(got) != 2 || !got[0].Equal(leaf.X509) || !got[1].Equal(root.X509) {
			t.Errorf("%s: %d certificates (%v)", name, len(got), err)
		}
	}
	for name, content := range map[string]string{
		"nothing": "", "prose": "Dear reader,\n", "a key": string(pkitest.KeyPEM(t, leaf.Key)),
		"half":                  chain[:len(chain)/4],
		"PEM of something else": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"half of DER":           string(leaf.X509.Raw[:99]),
	} {
		if got, err := ReadCertificates(writeTemp(t, content)); err == nil ||
			!strings.Contains(hint.Text(err), "hint: give it in PEM or DER") {
			t.Errorf("%s: %d certificates (%v)", name, len(got), err)
		}
	}
}

// TestTrustedCAs finds who vouches for a chain, and refuses what can't be
// trusted by it.
func TestTrustedCAs(t *testing.T) {
	root, stranger := pkitest.Root(t, "root"), pkitest.Root(t, "stranger")
	leaf := pkitest.Leaf(t, root, "leaf", pkitest.Key(t, "EC-256"))
	impostor := pkitest.Root(t, "root") // of the same name
	expired := pkitest.Root(t, "expired", func(template *x509.Certificate) {
		template.NotBefore, template.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	})
	future := pkitest.Root(t,
		"future", func(template *x509.Certificate) { template.NotBefore = time.Now().Add(time.Hour) })
	file := func(certificates ...*pki.Certificate) string {
		var chain []*x509.Certificate
		for _, certificate := range certificates {
			chain = append(chain, certificate.X509)
		}
		return writeTemp(t, string(pki.EncodePEM(chain...)))
	}
	for name, c := range map[string]struct {
		chain, ca string
		want      *pki.Certificate // nil if it is refused
		words     string
	}{
		"the root of the chain": {file(leaf, root), "", root, ""},
		"in any order":          {file(root, leaf), "", root, ""},
		"a lone certificate":    {file(root), "", root, ""},
		"the CA that is named":  {file(leaf, root), file(root), root, ""},
		"a CA of another chain": {
			file(leaf, root), file(stranger), nil, "none of its certificates is in --certificate-chain",
		},
		"a CA of the same name": {
			file(leaf, root), file(impostor), nil, "none of its certificates is in --certificate-chain",
		},
		"a chain without its root":   {file(leaf), "", nil, "hint: add the root to it"},
		"an expired certificate":     {file(expired), "", nil, "CN=expired"},
		"a certificate for tomorrow": {file(future), "", nil, "CN=future"},
		"a missing chain":            {"nowhere", "", nil, "--certificate-chain: open nowhere"},
		"a missing CA":               {file(leaf, root), "nowhere", nil, "--ca: open nowhere"},
	} {
		got, err := TrustedCAs(c.chain, c.ca)
		switch {
		case c.want != nil && (err != nil || len(got) != 1 || !got[0].Equal(c.want.X509)):
			t.Errorf("%s: %v (%v)", name, got, err)
		case c.want == nil && (err == nil || !strings.Contains(hint.Text(err), c.words)):
			t.Errorf("%s: %v (%v)", name, got, err)
		}
	}
}

// TestMakeDemonstration makes files that nobody else can read, and keeps the
// user's own settings from its signer.
func TestMakeDemonstration(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made")
	identity, err := MakeDemonstration(Demonstration{Name: "somebody", KeySpec: "EC-384", KeyID: "release",
		Format: "cose"}, dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ca.crt", "chain.crt", "signer.key"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v (%v)", name, info, err)
		}
	}
	roots, err := TrustedCAs(identity.CertificateChain, identity.CA)
	if err != nil || len(roots) != 1 || roots[0].Subject.CommonName != "somebody CA" {
		t.Errorf("the CA is %v (%v)", roots, err)
	}
	if identity.KeyID != "release" || identity.Format != "cose" || identity.Asks {
		t.Errorf("it signs with %+v", identity.Signing)
	}
	for _, variable := range []string{
		"EXTERNAL_SIGNER=", "EXTERNAL_CERT_CHAIN=", "EXTERNAL_TIMEOUT=", "EXTERNAL_PRIVATE_KEY_PASSIN=",
		"EXTERNAL_PRIVATE_KEY=" + filepath.Join(dir, "signer.key"),
	} {
		if !slices.Contains(identity.Env, variable) {
			t.Errorf("its environment is %s, without %s", identity.Env, variable)
		}
	}
	if _, err := MakeDemonstration(Demonstration{KeySpec: "RSA-1024"}, dir); err == nil ||
		!strings.Contains(err.Error(), `"RSA-1024"`) {
		t.Errorf("an unknown key spec: %v", err)
	}
}
