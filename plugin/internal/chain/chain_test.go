package chain

import (
	"bytes"
	"crypto"
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

	"container-signing/internal/hint"
	"container-signing/internal/pki"
	"container-signing/internal/pki/pkitest"
)

func write(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "chain")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// bare are the certificates without their keys.
func bare(certificates []*pki.Certificate) []*x509.Certificate {
	var result []*x509.Certificate
	for _, certificate := range certificates {
		result = append(result, certificate.X509)
	}
	return result
}

func inPEM(certificates ...*pki.Certificate) []byte { return pki.EncodePEM(bare(certificates)...) }

func inDER(certificates ...*pki.Certificate) []byte { return concatenate(bare(certificates)) }

func concatenate(certificates []*x509.Certificate) []byte {
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
	middle := pkitest.Intermediate(t, root, "middle")
	low := pkitest.Intermediate(t, middle, "low")
	leaf := pkitest.Leaf(t, low, "leaf", key)
	full := []*pki.Certificate{leaf, low, middle, root}
	lone := pkitest.Leaf(t, nil, "lone", key)
	underRoot := pkitest.Leaf(t, root, "under root", key)
	stranger := pkitest.Root(t, "stranger")
	// The same name and key as root's, but issued by another CA.
	crossed := issueFor(t, pkitest.Root(t, "other root"), root)

	windows := strings.ReplaceAll(string(inPEM(full...)), "\n", "\r\n")
	tests := map[string]struct {
		content []byte
		want    []*pki.Certificate
	}{
		"PEM":                        {inPEM(full...), full},
		"PEM with words around":      {[]byte("subject=leaf\r\n" + windows + "end"), full},
		"DER":                        {inDER(full...), full},
		"root first":                 {inPEM(root, middle, low, leaf), full},
		"root first, DER":            {inDER(root, middle, low, leaf), full},
		"repeated":                   {inPEM(append(full, full...)...), full},
		"two":                        {inPEM(root, underRoot), []*pki.Certificate{underRoot, root}},
		"lone":                       {inPEM(lone), []*pki.Certificate{lone}},
		"a CA that isn't on the way": {inPEM(append(full, stranger)...), full},
		"a CA of a lone one":         {inPEM(stranger, lone), []*pki.Certificate{lone}},
		"a cross-signed root":        {inPEM(crossed, underRoot, root), []*pki.Certificate{underRoot, root}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Load(write(t, test.content), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(concatenate(got), inDER(test.want...)) {
				t.Errorf("got %s, want %s", subjects(got), subjects(bare(test.want)))
			}
		})
	}
}

// issueFor makes issuer certify the name and key of another CA.
func issueFor(t *testing.T, issuer, subject *pki.Certificate) *pki.Certificate {
	t.Helper()
	another := func(c *x509.Certificate) { c.SerialNumber = big.NewInt(4711) }
	return pkitest.Issue(t, issuer, subject.X509, subject.Key, another)
}

// TestLoadInAnyOrder shuffles a chain of ten with strangers among it.
func TestLoadInAnyOrder(t *testing.T) {
	ca := pkitest.Root(t, "root")
	want := []*pki.Certificate{ca}
	for range 8 {
		ca = pkitest.Intermediate(t, ca, "the name of all intermediates")
		want = append([]*pki.Certificate{ca}, want...)
	}
	want = append([]*pki.Certificate{pkitest.Leaf(t, ca, "leaf", pkitest.Key(t, "EC-384"))}, want...)
	mixed := append([]*pki.Certificate{pkitest.Root(t, "a"), pkitest.Root(t, "b")}, want...)
	for range 20 {
		mathrand.Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
		got, err := Load(write(t, inPEM(mixed...)), time.Now())
		if err != nil {
			t.Fatalf("%s: %v", subjects(bare(mixed)), err)
		}
		if !bytes.Equal(concatenate(got), inDER(want...)) {
			t.Fatalf("got %s of %s", subjects(got), subjects(bare(mixed)))
		}
	}
}

// TestLoadRefuses says what is wrong with a file.
func TestLoadRefuses(t *testing.T) {
	leaf, middle, root, text := newChain(t)
	scratched := bytes.Replace(text, []byte("MII"), []byte("M!I"), 1)
	damaged := bytes.Replace(text, []byte("CERTIFICATE-----\n-----BEGIN"), []byte("CERTIFI-----\n-----BEGIN"), 1)
	key := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("secret")})
	second := pkitest.Leaf(t, root, "second", leaf.Key)
	namesake, crossed := pkitest.Root(t, "middle"), issueFor(t, pkitest.Root(t, "r"), middle)
	const other = `the certificate of that name in the file didn't sign it`
	refusals{
		"empty":                {[]byte(" \n"), "the file is empty"},
		"text":                 {[]byte("hello"), "neither PEM nor DER"},
		"damaged base64":       {scratched, "a PEM block among the 3 in the file is damaged"},
		"damaged second block": {damaged, "damaged"},
		"cut off":              {text[:len(text)-20], "damaged"},
		"damaged DER":          {leaf.X509.Raw[:len(leaf.X509.Raw)-1], "neither PEM nor DER"},
		"private key":          {append(key, text...), `PEM block 1 is of type "PRIVATE KEY"`},
		"no root":              {inPEM(leaf, middle), `the chain ends at "CN=middle`},
		"no intermediate":      {inPEM(leaf, root), `the chain ends at "CN=leaf`},
		"leaf only":            {inPEM(leaf), "isn't self-signed\nhint: add the certificate of its issuer \"CN=middle"},
		"no leaf":              {inPEM(middle, root), "the ca field must be set to false"},
		"two leaves":           {inPEM(leaf, second, middle, root), `more than one signing certificate: "CN=leaf`},
		"two CAs":              {inPEM(root, pkitest.Root(t, "other")), "no signing certificate among"},
		"namesake of issuer":   {inPEM(leaf, namesake), other},
		"two issuers":          {inPEM(leaf, middle, crossed, root), `2 certificates "CN=middle`},
		"too many":             {bytes.Repeat(text, 40), "the file holds 120 certificates"},
		"too large":            {make([]byte, maxFileSize+1), "larger than 1048576 bytes"},
	}.assert(t)
}

// TestLoadRefusesCertificates names the certificate and the rule that it breaks.
func TestLoadRefusesCertificates(t *testing.T) {
	key, root := pkitest.Key(t, "EC-256"), pkitest.Root(t, "root")
	leaf := func(edit pkitest.Edit) []byte { return inPEM(pkitest.Leaf(t, root, "edited", key, edit), root) }
	ca := func(edit pkitest.Edit) []byte {
		issuer := pkitest.Intermediate(t, root, "edited", edit)
		return inPEM(pkitest.Leaf(t, issuer, "leaf", key), issuer, root)
	}
	of := func(key crypto.Signer) []byte { return inPEM(pkitest.Leaf(t, root, "leaf", key), root) }
	withUsage := func(usage x509.KeyUsage) pkitest.Edit {
		return func(c *x509.Certificate) { c.KeyUsage = usage }
	}
	extended := func(usage x509.ExtKeyUsage) pkitest.Edit {
		return func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{usage} }
	}
	const encipherment = x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment
	isCA := func(is bool) pkitest.Edit { return func(c *x509.Certificate) { c.IsCA = is } }
	expired := func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }
	early := func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	refusals{
		"expired":              {leaf(expired), `"CN=edited`},
		"not yet valid":        {leaf(early), "invalid at signing time"},
		"expired CA":           {ca(expired), "invalid at signing time"},
		"leaf is a CA":         {leaf(isCA(true)), "the ca field must be set to false"},
		"key encipherment":     {leaf(withUsage(encipherment)), "KeyEncipherment"},
		"no key usage":         {leaf(withUsage(0)), "key usage extension must be present"},
		"server":               {leaf(extended(x509.ExtKeyUsageServerAuth)), "must not contain ServerAuth"},
		"time stamping":        {leaf(extended(x509.ExtKeyUsageTimeStamping)), "must not contain Timestamping"},
		"CA that isn't one":    {ca(isCA(false)), "edited"},
		"CA without cert sign": {ca(withUsage(x509.KeyUsageCRLSign)), "edited"},
		"small RSA key":        {of(pkitest.Key(t, "RSA-1024")), "rsa key size 1024"},
		"small EC key":         {of(pkitest.Key(t, "EC-224")), "ecdsa key size 224"},
		"Ed25519":              {of(edKey), "unsupported public key type"},
	}.assert(t)
}

// newChain returns a chain of three, and the file that holds it.
func newChain(t *testing.T) (leaf, middle, root *pki.Certificate, text []byte) {
	t.Helper()
	root = pkitest.Root(t, "root")
	middle = pkitest.Intermediate(t, root, "middle")
	leaf = pkitest.Leaf(t, middle, "leaf", pkitest.Key(t, "EC-256"))
	return leaf, middle, root, inPEM(leaf, middle, root)
}

// refusals are files, by name, and what is said of each.
type refusals map[string]struct {
	content []byte
	want    string
}

func (r refusals) assert(t *testing.T) {
	t.Helper()
	for name, test := range r {
		t.Run(name, func(t *testing.T) {
			path := write(t, test.content)
			chain, err := Load(path, time.Now())
			if err == nil {
				t.Fatalf("accepted as %s", subjects(chain))
			}
			if said := hint.Text(err); !strings.Contains(said, test.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %q, want %q", said, test.want)
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
	const irregular = "not a regular file"
	for path, want := range map[string]string{
		pipe: irregular, "nonesuch": "no such file", ".": irregular, os.DevNull: irregular,
	} {
		if _, err := Load(path, time.Now()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
}

// FuzzLoad changes a good file: whatever is returned begins with a leaf and ends
// with a root, and nothing panics or runs on.
func FuzzLoad(f *testing.F) {
	root := pkitest.Root(f, "root")
	leaf := pkitest.Leaf(f, root, "leaf", pkitest.Key(f, "EC-256"))
	bases := [][]byte{inPEM(root, leaf), inDER(leaf, root)}
	f.Add(0, 0, []byte{}, []byte{})
	f.Add(1, 0, []byte{}, []byte{})
	f.Add(1, 4, []byte{1}, leaf.X509.Raw)
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
