package signature

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"container-signing/internal/hint"
	"container-signing/internal/keyspec"
	"container-signing/internal/pki/pkitest"
)

var payload = []byte("\x84 a payload \x00\xff\n")

// newKey returns the public key of a private one, as the plugin finds it.
func newKey(t testing.TB, private crypto.Signer) Key {
	t.Helper()
	spec, err := keyspec.Of(private.Public())
	if err != nil {
		t.Fatal(err)
	}
	return Key{private.Public(), spec}
}

// sign makes a raw signature: PSS with the right salt, or r‖s.
func sign(t testing.TB, key crypto.Signer, hash crypto.Hash, message []byte) []byte {
	t.Helper()
	if key, ok := key.(*ecdsa.PrivateKey); ok {
		r, s, err := ecdsa.Sign(rand.Reader, key, digest(hash, message))
		if err != nil {
			t.Fatal(err)
		}
		size := (key.Curve.Params().BitSize + 7) / 8
		return append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...)
	}
	return signPSS(t, key, hash, rsa.PSSSaltLengthEqualsHash, message)
}

func signPSS(t testing.TB, key crypto.Signer, hash crypto.Hash, salt int, message []byte) []byte {
	t.Helper()
	options := &rsa.PSSOptions{SaltLength: salt}
	signature, err := rsa.SignPSS(rand.Reader, key.(*rsa.PrivateKey), hash, digest(hash, message), options)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func signPKCS1(t testing.TB, key crypto.Signer, hash crypto.Hash, message []byte) []byte {
	t.Helper()
	signature, err := rsa.SignPKCS1v15(nil, key.(*rsa.PrivateKey), hash, digest(hash, message))
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

func toDER(t testing.TB, fixed []byte) []byte {
	t.Helper()
	r, s := split(fixed)
	der, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func inBase64(signature []byte) []byte { return []byte(base64.StdEncoding.EncodeToString(signature)) }

func wrap(text, newline string) string {
	var lines []string
	for len(text) > 64 {
		lines, text = append(lines, text[:64]), text[64:]
	}
	return strings.Join(append(lines, text), newline) + newline
}

// TestRepair gives each signature in each encoding that is taken back.
func TestRepair(t *testing.T) {
	encodings := map[string]func([]byte) string{
		"as it is":                     func(s []byte) string { return string(s) },
		"newline":                      func(s []byte) string { return string(s) + "\n" },
		"base64":                       base64.StdEncoding.EncodeToString,
		"base64 in lines":              func(s []byte) string { return wrap(string(inBase64(s)), "\n") },
		"base64 in lines of Windows":   func(s []byte) string { return wrap(string(inBase64(s)), "\r\n") },
		"base64 without padding":       base64.RawStdEncoding.EncodeToString,
		"base64url":                    base64.URLEncoding.EncodeToString,
		"base64url without padding":    base64.RawURLEncoding.EncodeToString,
		"hexadecimal":                  hex.EncodeToString,
		"hexadecimal, upper, in lines": func(s []byte) string { return wrap(fmt.Sprintf("%X", s), "\n") },
	}
	hashes := map[string]crypto.Hash{
		"RSA-2048": crypto.SHA256, "EC-256": crypto.SHA256, "EC-384": crypto.SHA384, "EC-521": crypto.SHA512,
	}
	for spec, hash := range hashes {
		private := pkitest.Key(t, spec)
		key := newKey(t, private)
		raw := sign(t, private, hash, payload)
		outputs := map[string][]byte{"": raw}
		if strings.HasPrefix(spec, "EC") {
			outputs["DER as "] = toDER(t, raw)
		}
		for form, output := range outputs {
			for name, encoding := range encodings {
				t.Run(spec+" "+form+name, func(t *testing.T) {
					got, err := key.From([]byte(encoding(output)), payload)
					if err != nil {
						t.Fatal(err)
					}
					if !bytes.Equal(got, raw) {
						t.Errorf("got %x, want %x", got, raw)
					}
				})
			}
		}
	}
}

// TestNewlinesAtTheEnd keeps the newlines that are the signature's own.
func TestNewlinesAtTheEnd(t *testing.T) {
	for spec, hash := range map[string]crypto.Hash{"RSA-2048": crypto.SHA256, "EC-256": crypto.SHA256} {
		private := pkitest.Key(t, spec)
		key := newKey(t, private)
		raw := sign(t, private, hash, payload)
		for !isNewline(raw[len(raw)-1]) {
			raw = sign(t, private, hash, payload)
		}
		forms := map[string][]byte{spec: raw}
		if spec == "EC-256" {
			forms["DER"] = toDER(t, raw)
		}
		for form, output := range forms {
			for _, end := range []string{"", "\n", "\r\n", "\n\n"} {
				got, err := key.From(append(bytes.Clone(output), end...), payload)
				if err != nil || !bytes.Equal(got, raw) {
					t.Errorf("%s with %q after it: got %x, %v", form, end, got, err)
				}
			}
		}
	}
}

const notSHA256 = "over the payload's SHA-256 digest, but SHA-384 is wanted"

// TestDiagnosisOfRSA makes each mistake with an RSA key.
func TestDiagnosisOfRSA(t *testing.T) {
	private := pkitest.Key(t, "RSA-3072")
	signed := func(hash crypto.Hash, message []byte) []byte { return sign(t, private, hash, message) }
	salted := func(salt int, message []byte) []byte { return signPSS(t, private, crypto.SHA384, salt, message) }
	good, sum := signed(crypto.SHA384, payload), digest(crypto.SHA384, payload)
	newline := slices.Concat(payload, []byte("\n"))
	smaller := sign(t, pkitest.Key(t, "RSA-2048"), crypto.SHA256, payload)
	fixed := sign(t, pkitest.Key(t, "EC-256"), crypto.SHA256, payload)
	pkcs1 := signPKCS1(t, private, crypto.SHA384, payload)
	words := func(count int) []byte { return []byte(strings.Repeat("no such key; ", count)) }
	const longest, notByKey = 384 - 48 - 2, "isn't by the key of the leaf"
	diagnoses{
		"nothing":                  {nil, "printed nothing"},
		"newline":                  {[]byte("\n"), `text that isn't a signature: "\n"`},
		"too much":                 {make([]byte, MaxOutput+1), "more than 16384 bytes"},
		"PKCS #1":                  {pkcs1, "the padding is PKCS #1 v1.5"},
		"PKCS #1, another hash":    {signPKCS1(t, private, crypto.SHA256, payload), "the padding is PKCS #1 v1.5"},
		"PKCS #1 as base64":        {inBase64(pkcs1), "the padding is PKCS #1 v1.5"},
		"salt of 32":               {salted(32, payload), "salt of RSASSA-PSS is 32 bytes long, but must be 48"},
		"salt of maximal length":   {salted(longest, payload), "salt of RSASSA-PSS is 334 bytes long"},
		"SHA-256":                  {signed(crypto.SHA256, payload), notSHA256},
		"SHA-512":                  {signed(crypto.SHA512, payload), "over the payload's SHA-512 digest"},
		"hashed twice":             {signed(crypto.SHA384, sum), "digest was hashed again"},
		"digest as text":           {signed(crypto.SHA384, []byte(hex.EncodeToString(sum))), "as hexadecimal text"},
		"nothing was read":         {signed(crypto.SHA384, nil), "nothing was signed"},
		"newline added":            {signed(crypto.SHA384, newline), "with a newline added"},
		"another payload":          {signed(crypto.SHA384, []byte("other")), "over something else than the payload"},
		"another payload and salt": {salted(longest, []byte("other")), "over something else than the payload"},
		"another size": {smaller,
			"256 bytes, the size of one by RSA-2048, but the leaf certificate's key is RSA-3072"},
		"ECDSA, raw":            {fixed, "64 bytes, the size of one by EC-256"},
		"ECDSA, DER":            {toDER(t, fixed), "an ECDSA signature in ASN.1 DER"},
		"not below the modulus": {bytes.Repeat([]byte{0xff}, 384), notByKey},
		"zeros":                 {make([]byte, 384), notByKey},
		"truncated": {good[:300],
			"truncated: 300 bytes, but one by the leaf certificate's RSA-3072 key has 384"},
		"truncated base64": {inBase64(good)[:400], "truncated: 300 bytes without base64 text"},
		"words before it":  {append([]byte("Enter PIN: "), good...), "11 bytes precede a good signature"},
		"words after it":   {append(good[:384:384], "done\n"...), "5 bytes follow a good signature"},
		"binary, too long": {bytes.Repeat([]byte{0xfe}, 500),
			"500 bytes, but a signature by the leaf certificate's RSA-3072 key has 384"},
		"text":                   {[]byte("error: no such key"), `text that isn't a signature: "error: no such key"`},
		"text, as long":          {append(words(20), '\n'), `text that isn't a signature: "no such key; no such key;`},
		"truncated at a newline": {append(good[:299:299], '\n'), "truncated: 300 bytes, but one"},
		"long text":              {words(99), `text that isn't a signature: "no such key; no such key;`},
	}.assert(t, newKey(t, private))
}

// TestDiagnosisOfECDSA makes each mistake with an ECDSA key.
func TestDiagnosisOfECDSA(t *testing.T) {
	private := pkitest.Key(t, "EC-384")
	signed := func(hash crypto.Hash, message []byte) []byte { return sign(t, private, hash, message) }
	good := signed(crypto.SHA384, payload)
	larger := sign(t, pkitest.Key(t, "EC-521"), crypto.SHA512, payload)
	order := elliptic.P384().Params().N.Bytes()
	const notByKey = "isn't by the key of the leaf"
	diagnoses{
		"swapped":       {append(good[48:96:96], good[:48]...), "r and s are swapped"},
		"SHA-256":       {signed(crypto.SHA256, payload), notSHA256},
		"SHA-1, DER":    {toDER(t, signed(crypto.SHA1, payload)), "over the payload's SHA-1 digest"},
		"hashed twice":  {signed(crypto.SHA384, digest(crypto.SHA384, payload)), "digest was hashed again"},
		"another key":   {sign(t, pkitest.Key(t, "EC-384"), crypto.SHA384, payload), notByKey},
		"another curve": {larger, "132 bytes, the size of one by EC-521"},
		"another curve, DER": {toDER(t, larger),
			"an ECDSA signature in ASN.1 DER that the leaf certificate's EC-384 key can't have made"},
		"RSA": {sign(t, pkitest.Key(t, "RSA-2048"), crypto.SHA256, payload),
			"256 bytes, the size of one by RSA-2048"},
		"zeros":          {make([]byte, 96), notByKey},
		"order":          {append(order[:48:48], order...), notByKey},
		"half":           {good[:48], "truncated: 48 bytes"},
		"base64 and all": {append([]byte("sig: "), inBase64(good)...), "text that isn't a signature"},
	}.assert(t, newKey(t, private))
}

// diagnoses are outputs, by name, and what is said of each.
type diagnoses map[string]struct {
	output []byte
	want   string
}

func (d diagnoses) assert(t *testing.T, key Key) {
	t.Helper()
	for name, test := range d {
		t.Run(name, func(t *testing.T) { refuses(t, key, test.output, test.want) })
	}
}

func refuses(t *testing.T, key Key, output []byte, want string) {
	t.Helper()
	signature, err := key.From(output, payload)
	if err == nil {
		t.Fatalf("accepted %x", signature)
	}
	if !strings.Contains(err.Error(), want) {
		t.Errorf("got %q, want %q", err, want)
	}
	if advice := hint.Of(err); len(advice) != 1 {
		t.Errorf("%q: got the advice %q, want one", err, advice)
	}
}

// FuzzFrom changes good outputs, and checks that none makes the diagnosis panic,
// and that whatever is accepted is what the library's strict verification accepts.
func FuzzFrom(f *testing.F) {
	rsaKey, ecKey := pkitest.Key(f, "RSA-2048"), pkitest.Key(f, "EC-256")
	pss, fixed := sign(f, rsaKey, crypto.SHA256, payload), sign(f, ecKey, crypto.SHA256, payload)
	bases := [][]byte{
		{}, pss, signPKCS1(f, rsaKey, crypto.SHA256, payload), signPSS(f, rsaKey, crypto.SHA256, 20, payload),
		[]byte(base64.StdEncoding.EncodeToString(pss)), fixed, toDER(f, fixed), []byte(hex.EncodeToString(fixed)),
	}
	for base := range bases {
		f.Add(base, []byte{}, []byte{})
		f.Add(base, []byte{0, 1}, []byte("\n"))
	}
	keys := []Key{newKey(f, rsaKey), newKey(f, ecKey)}
	f.Fuzz(func(t *testing.T, base int, mask, tail []byte) {
		output := append(bytes.Clone(bases[uint(base)%uint(len(bases))]), tail...)
		for i := range min(len(mask), len(output)) {
			output[i] ^= mask[i]
		}
		for _, key := range keys {
			if signature, err := key.From(output, payload); err == nil {
				verifyStrictly(t, key, signature)
			}
		}
	})
}

func verifyStrictly(t *testing.T, key Key, signature []byte) {
	t.Helper()
	sum := digest(crypto.SHA256, payload)
	switch public := key.Public.(type) {
	case *rsa.PublicKey:
		if err := rsa.VerifyPSS(public, crypto.SHA256, sum, signature, &rsa.PSSOptions{SaltLength: 32}); err != nil {
			t.Errorf("accepted %x: %v", signature, err)
		}
	case *ecdsa.PublicKey:
		if len(signature) != 64 || !ecdsa.VerifyASN1(public, sum, toDER(t, signature)) {
			t.Errorf("accepted %x", signature)
		}
	}
}
