package docs_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha512"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// token is what the signing service wants to see.
const token = "a-token-of-this-test"

// elsewhereByHand stands for ssh: the machine that it would reach has the key
// in a file, and is asked for just what the signer of the documentation asks.
const elsewhereByHand = `#!/bin/sh
[ "$*" = "hsm.example.com sign --key release-2026 --algorithm RSASSA-PSS-SHA-384" ] || { echo "asked for: $*" >&2; exit 1; }
EXTERNAL_PRIVATE_KEY=release.key exec scripts/openssl.sh
`

// TestSigners follows docs/signers.md from the first command to the last.
func TestSigners(t *testing.T) {
	s := newStage(t)
	if err := os.WriteFile(filepath.Join(s.bin, "ssh"), []byte(elsewhereByHand), 0o700); err != nil {
		t.Fatal(err)
	}
	service := httptest.NewTLSServer(http.HandlerFunc(s.sign))
	defer service.Close()
	s.write("signer-ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: service.Certificate().Raw}))
	s.write("token.txt", []byte(token+"\n"))

	commands := pages(t)["docs/signers.md"].Commands("")
	before := s.signatures()
	output := s.run(s.elsewhere(commands, "https://signer.example.com/sign", service.URL+"/sign"))
	if !strings.Contains(output, "\nPASS  ") {
		t.Errorf("the whole chain didn't pass:\n%s", output)
	}
	if wanted := strings.Count(commands, "notation sign "); wanted < 3 || s.signatures()-before != wanted {
		t.Errorf("%d commands sign, and %d signatures came of them", wanted, s.signatures()-before)
	}

	// What the page warns of: the token isn't sent in the clear.
	plain := s.elsewhere(pages(t)["docs/signers.md"].Commands("A signing service"), "https://signer.example.com/sign", "http://127.0.0.1/sign")
	if output, err := s.try(plain); err == nil || !strings.Contains(output, "the token is not sent in the clear") {
		t.Errorf("by http: %v\n%s", err, output)
	}
}

// signatures counts the signatures of the image.
func (s *stage) signatures() int {
	s.t.Helper()
	return strings.Count(s.run("notation list "+s.signed), "sha256:") - 1
}

// sign is a signing service with the key that the documentation makes.
func (s *stage) sign(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "Bearer "+token || r.URL.Path != "/sign" {
		http.Error(w, "who are you?", http.StatusForbidden)
		return
	}
	payload, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	content, err := os.ReadFile(filepath.Join(s.folder, "release.key"))
	if err != nil {
		s.t.Error(err)
	}
	block, _ := pem.Decode(content)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		s.t.Error(err)
	}
	digest := sha512.Sum384(payload)
	signature, err := key.(*rsa.PrivateKey).Sign(rand.Reader, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA384})
	if err != nil {
		s.t.Error(err)
	}
	if _, err := w.Write(signature); err != nil {
		s.t.Error(err)
	}
}
