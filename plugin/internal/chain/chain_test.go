package chain

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"container-signing/plugin/internal/pkitest"
)

func write(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "chain")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func der(certificates ...*x509.Certificate) []byte {
	var content []byte
	for _, certificate := range certificates {
		content = append(content, certificate.Raw...)
	}
	return content
}

// TestLoad reads chains that are right, however they are written down.
func TestLoad(t *testing.T) {
	key := pkitest.Key(t, "EC-256")
	root := pkitest.Root(t, "root")
	middle := root.Intermediate(t, "middle")
	low := middle.Intermediate(t, "low")
	leaf := low.Leaf(t, "leaf", key.Public())
	full := []*x509.Certificate{leaf, low.Certificate, middle.Certificate, root.Certificate}
	lone := pkitest.SelfSigned(t, "lone", key)
	underRoot := root.Leaf(t, "under root", key.Public())
	stranger := pkitest.Root(t, "stranger").Certificate
	// The same name and key as root's, but issued by another CA.
	crossed := issueFor(t, pkitest.Root(t, "other root"), root)

	tests := map[string]struct {
		content []byte
		want    []*x509.Certificate
	}{
		"PEM":                        {pkitest.EncodePEM(full...), full},
		"PEM with words around":      {[]byte("subject=leaf\r\n" + strings.ReplaceAll(string(pkitest.EncodePEM(full...)), "\n", "\r\n") + "end"), full},
		"DER":                        {der(full...), full},
		"root first":                 {pkitest.EncodePEM(root.Certificate, middle.Certificate, low.Certificate, leaf), full},
		"root first, DER":            {der(root.Certificate, middle.Certificate, low.Certificate, leaf), full},
		"repeated":                   {pkitest.EncodePEM(append(full, full...)...), full},
		"two":                        {pkitest.EncodePEM(root.Certificate, underRoot), []*x509.Certificate{underRoot, root.Certificate}},
		"lone":                       {pkitest.EncodePEM(lone), []*x509.Certificate{lone}},
		"a CA that isn't on the way": {pkitest.EncodePEM(append(full, stranger)...), full},
		"a CA of a lone one":         {pkitest.EncodePEM(stranger, lone), []*x509.Certificate{lone}},
		"a cross-signed root":        {pkitest.EncodePEM(crossed, underRoot, root.Certificate), []*x509.Certificate{underRoot, root.Certificate}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Load(write(t, test.content), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(der(got...), der(test.want...)) {
				t.Errorf("got %s, want %s", subjects(got), subjects(test.want))
			}
		})
	}
}

// issueFor makes issuer certify the name and key of another CA.
func issueFor(t *testing.T, issuer, subject pkitest.CA) *x509.Certificate {
	t.Helper()
	template := *subject.Certificate
	template.SerialNumber = big.NewInt(4711)
	der, err := x509.CreateCertificate(rand.Reader, &template, issuer.Certificate, subject.Key.Public(), issuer.Key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

// TestLoadInAnyOrder shuffles a chain of ten with strangers among it.
func TestLoadInAnyOrder(t *testing.T) {
	ca := pkitest.Root(t, "root")
	want := []*x509.Certificate{ca.Certificate}
	for range 8 {
		ca = ca.Intermediate(t, "the name of all intermediates")
		want = append([]*x509.Certificate{ca.Certificate}, want...)
	}
	want = append([]*x509.Certificate{ca.Leaf(t, "leaf", pkitest.Key(t, "EC-384").Public())}, want...)
	mixed := append([]*x509.Certificate{pkitest.Root(t, "a").Certificate, pkitest.Root(t, "b").Certificate}, want...)
	for range 20 {
		mathrand.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		got, err := Load(write(t, pkitest.EncodePEM(mixed...)), time.Now())
		if err != nil {
			t.Fatalf("%s: %v", subjects(mixed), err)
		}
		if !bytes.Equal(der(got...), der(want...)) {
			t.Fatalf("got %s of %s", subjects(got), subjects(mixed))
		}
	}
}

// TestLoadRefuses names the certificate and what is wrong with it.
func TestLoadRefuses(t *testing.T) {
	key := pkitest.Key(t, "EC-256")
	root := pkitest.Root(t, "root")
	middle := root.Intermediate(t, "middle")
	leaf := middle.Leaf(t, "leaf", key.Public())
	text := pkitest.EncodePEM(leaf, middle.Certificate, root.Certificate)
	withLeaf := func(edit func(*x509.Certificate)) []byte {
		return pkitest.EncodePEM(root.Leaf(t, "edited", key.Public(), edit), root.Certificate)
	}
	withCA := func(edit func(*x509.Certificate)) []byte {
		ca := root.Intermediate(t, "edited", edit)
		return pkitest.EncodePEM(ca.Leaf(t, "leaf", key.Public()), ca.Certificate, root.Certificate)
	}
	edPublic, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		content []byte
		want    string
	}{
		"empty":                {[]byte(" \n"), "the file is empty"},
		"text":                 {[]byte("hello"), "neither PEM nor DER"},
		"damaged base64":       {bytes.Replace(text, []byte("MII"), []byte("M!I"), 1), "a PEM block among the 3 in the file is damaged"},
		"damaged second block": {bytes.Replace(text, []byte("CERTIFICATE-----\n-----BEGIN"), []byte("CERTIFI-----\n-----BEGIN"), 1), "damaged"},
		"cut off":              {text[:len(text)-20], "damaged"},
		"damaged DER":          {leaf.Raw[:len(leaf.Raw)-1], "neither PEM nor DER"},
		"private key":          {append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("secret")}), text...), `PEM block 1 is of type "PRIVATE KEY"`},
		"no root":              {pkitest.EncodePEM(leaf, middle.Certificate), `the chain ends at "CN=middle`},
		"no intermediate":      {pkitest.EncodePEM(leaf, root.Certificate), `the chain ends at "CN=leaf`},
		"leaf only":            {pkitest.EncodePEM(leaf), `isn't self-signed: add the certificate of its issuer "CN=middle`},
		"no leaf":              {pkitest.EncodePEM(middle.Certificate, root.Certificate), "the ca field must be set to false"},
		"two leaves":           {pkitest.EncodePEM(leaf, root.Leaf(t, "second", key.Public()), middle.Certificate, root.Certificate), `more than one signing certificate: "CN=leaf`},
		"two CAs":              {pkitest.EncodePEM(root.Certificate, pkitest.Root(t, "other").Certificate), "no signing certificate among"},
		"namesake of issuer":   {pkitest.EncodePEM(leaf, pkitest.Root(t, "middle").Certificate), `the certificate of that name in the file didn't sign it`},
		"two issuers":          {pkitest.EncodePEM(leaf, middle.Certificate, issueFor(t, pkitest.Root(t, "r"), middle), root.Certificate), `2 certificates "CN=middle`},
		"too many":             {bytes.Repeat(text, 40), "the file holds 120 certificates"},
		"too large":            {make([]byte, maxFileSize+1), "larger than 1048576 bytes"},
		"expired":              {withLeaf(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), `"CN=edited`},
		"not yet valid":        {withLeaf(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }), "invalid at signing time"},
		"expired CA":           {withCA(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }), "invalid at signing time"},
		"leaf is a CA":         {withLeaf(func(c *x509.Certificate) { c.IsCA = true }), "the ca field must be set to false"},
		"key encipherment":     {withLeaf(func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageKeyEncipherment }), "KeyEncipherment"},
		"no key usage":         {withLeaf(func(c *x509.Certificate) { c.KeyUsage = 0 }), "key usage extension must be present"},
		"server":               {withLeaf(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), "must not contain ServerAuth"},
		"time stamping":        {withLeaf(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping} }), "must not contain Timestamping"},
		"CA that isn't one":    {withCA(func(c *x509.Certificate) { c.IsCA = false }), "edited"},
		"CA without cert sign": {withCA(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign }), "edited"},
		"small RSA key":        {pkitest.EncodePEM(root.Leaf(t, "leaf", pkitest.Key(t, "RSA-1024").Public()), root.Certificate), "rsa key size 1024"},
		"small EC key":         {pkitest.EncodePEM(root.Leaf(t, "leaf", pkitest.Key(t, "EC-224").Public()), root.Certificate), "ecdsa key size 224"},
		"Ed25519":              {pkitest.EncodePEM(root.Leaf(t, "leaf", edPublic), root.Certificate), "unsupported public key type"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			path := write(t, test.content)
			chain, err := Load(path, time.Now())
			if err == nil {
				t.Fatalf("accepted as %s", subjects(chain))
			}
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %q, want %q", err, test.want)
			}
		})
	}
}

// TestLoadRefusesWhatIsNoFile opens nothing that it could wait for.
func TestLoadRefusesWhatIsNoFile(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{pipe: "not a regular file", "nonesuch": "no such file", ".": "not a regular file", os.DevNull: "not a regular file"} {
		if _, err := Load(path, time.Now()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
}

// FuzzLoad changes a good file: whatever is returned begins with a leaf and ends
// with a root, and nothing panics or runs on.
func FuzzLoad(f *testing.F) {
	root := pkitest.Root(f, "root")
	leaf := root.Leaf(f, "leaf", pkitest.Key(f, "EC-256").Public())
	bases := [][]byte{pkitest.EncodePEM(root.Certificate, leaf), der(leaf, root.Certificate)}
	f.Add(0, 0, []byte{}, []byte{})
	f.Add(1, 0, []byte{}, []byte{})
	f.Add(1, 4, []byte{1}, leaf.Raw)
	f.Fuzz(func(t *testing.T, base, offset int, mask, tail []byte) {
		content := append(bytes.Clone(bases[uint(base)%2]), tail...)
		for i := range mask {
			content[(uint(offset)+uint(i))%uint(len(content))] ^= mask[i]
		}
		certificates, err := parse(content)
		if err != nil {
			return
		}
		chain, err := order(certificates)
		if err != nil {
			return
		}
		if last := chain[len(chain)-1]; !issued(last, last) {
			t.Errorf("%s doesn't end with a root", subjects(chain))
		}
	})
}
