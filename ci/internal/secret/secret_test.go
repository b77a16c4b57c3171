package secret

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
)

func TestPlace(t *testing.T) {
	for from, want := range map[[2]string][2]string{
		{"", "env://EXTERNAL_PKCS11_PIN"}:      {"EXTERNAL_PKCS11_PIN", ""},
		{"", "file:///home/me/pin.txt"}:        {"", "/run/secrets/pin.txt"},
		{"", "file://pin.txt"}:                 {"", "/run/secrets/pin.txt"},
		{"", "op://vault/item/TOKEN"}:          {"TOKEN", ""},
		{"", "vault://signing/token"}:          {"", "/run/secrets/token"},
		{"TOKEN", ""}:                          {"TOKEN", ""},
		{"signing-token", ""}:                  {"", "/run/secrets/signing-token"},
		{"a/b", ""}:                            {"", "/run/secrets/b"},
		{"TOKEN", "file:///elsewhere/ignored"}: {"TOKEN", ""},
	} {
		variable, file, err := Place(from[0], from[1])
		if err != nil || variable != want[0] || file != want[1] {
			t.Errorf("%q: got %q, %q, %v", from, variable, file, err)
		}
	}
	if _, _, err := Place("", ""); err == nil || !strings.Contains(err.Error(), "\nhint: give it as env:NAME") {
		t.Errorf("a secret without a name is placed somewhere: %v", err)
	}
}

// TestParts makes sure that there is something to look for in a real key, and
// that it isn't what every key has.
func TestParts(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	text := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	parts := Parts(text)
	if len(parts) == 0 {
		t.Fatal("a key has no parts")
	}
	for _, part := range parts {
		if len(part) < 20 || strings.Contains(part, "PRIVATE KEY") || !strings.Contains(text, part) {
			t.Errorf("%q is no part of the key itself", part)
		}
	}
	if !In("before\n"+text+"after", parts) || In("before\nafter", parts) {
		t.Error("the key isn't found where it is, or found where it isn't")
	}
	if Parts("-----BEGIN-----\nshort\n-----END-----\n") != nil {
		t.Error("what is no key has parts")
	}
}
