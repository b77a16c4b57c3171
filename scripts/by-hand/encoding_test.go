package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"

	"container-signing/internal/keyspec"
)

// encodings are the forms in which an answer may come.
var encodings = map[string]func([]byte) []byte{
	"bytes":         func(b []byte) []byte { return b },
	"base64":        func(b []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(b)) },
	"base64, lines": func(b []byte) []byte { return wrap(base64.StdEncoding.EncodeToString(b)) },
	"hex":           func(b []byte) []byte { return []byte(hex.EncodeToString(b)) },
	"hex, lines":    func(b []byte) []byte { return wrap(strings.ToUpper(hex.EncodeToString(b))) },
}

func wrap(text string) []byte {
	var lines bytes.Buffer
	for ; len(text) > 64; text = text[64:] {
		lines.WriteString(text[:64] + "\r\n")
	}
	lines.WriteString(text)
	return lines.Bytes()
}

// No beginning of a file is a signature, and the whole is.
func TestOnlyTheWholeAnswerIsASignature(t *testing.T) {
	for _, spec := range keyspec.All() {
		raw := make([]byte, spec.SignatureSize())
		if _, err := rand.Read(raw); err != nil {
			t.Fatal(err)
		}
		answers := map[string][]byte{"raw": raw}
		if spec.IsECDSA() {
			answers["DER"] = toDER(t, raw)
		}
		for form, answer := range answers {
			for encoding, encode := range encodings {
				t.Run(spec.Name+"/"+form+"/"+encoding, func(t *testing.T) {
					assertOnlyWhole(t, spec, encode(answer), raw)
				})
			}
		}
	}
}

func assertOnlyWhole(t *testing.T, spec keyspec.Spec, content, want []byte) {
	t.Helper()
	for length := range content {
		if got, err := decode(spec, content[:length]); err == nil {
			t.Fatalf("%d of %d bytes are taken for the signature %x", length, len(content), got)
		}
	}
	got, err := decode(spec, content)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("the whole gives %x, %v", got, err)
	}
}

func toDER(t *testing.T, raw []byte) []byte {
	t.Helper()
	half := len(raw) / 2
	der, err := asn1.Marshal(struct{ R, S *big.Int }{
		new(big.Int).SetBytes(raw[:half]), new(big.Int).SetBytes(raw[half:]),
	})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestDecodeShortIntegers(t *testing.T) {
	// r and s with leading zeros: DER leaves them out, r‖s doesn't.
	raw := bytes.Repeat([]byte{0x5a}, 64)
	raw[0], raw[32], raw[33] = 0, 0, 0
	spec, err := keyspec.Named("EC-256")
	if err != nil {
		t.Fatal(err)
	}
	assertOnlyWhole(t, spec, toDER(t, raw), raw)
}

func TestDecodeRefuses(t *testing.T) {
	spec, err := keyspec.Named("EC-256")
	if err != nil {
		t.Fatal(err)
	}
	der := toDER(t, bytes.Repeat([]byte{0x5a}, 64))
	negative := bytes.Clone(der)
	negative[4] |= 0x80
	for name, content := range map[string][]byte{
		"empty":           nil,
		"spaces":          []byte(" \n"),
		"PEM":             []byte("-----BEGIN SIGNATURE-----\n"),
		"words":           []byte("I'd rather not."),
		"DER and more":    append(bytes.Clone(der), 0),
		"negative number": negative,
		"zeros":           append([]byte{0x30, 0x44, 0x02, 0x20}, make([]byte, 66)...),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := decode(spec, content); err == nil {
				t.Errorf("taken for the signature %x", got)
			}
		})
	}
}

// decode returns as many bytes as a signature has, or an error.
func FuzzDecode(f *testing.F) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	digest := sha256.Sum256([]byte("payload"))
	signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		f.Fatal(err)
	}
	for _, encode := range encodings {
		f.Add(uint8(3), encode(signature))
	}
	all := keyspec.All()
	f.Fuzz(func(t *testing.T, index uint8, content []byte) {
		spec := all[int(index)%len(all)]
		if got, err := decode(spec, content); err == nil && len(got) != spec.SignatureSize() {
			t.Errorf("%s: %d bytes, want %d", spec.Name, len(got), spec.SignatureSize())
		}
	})
}
