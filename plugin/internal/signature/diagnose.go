package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// diagnose says why no reading of the output is the signature. It is only ever
// asked about output that verify refused, and never makes it pass.
func (k Key) diagnose(output, payload []byte, readings []reading) error {
	if len(output) == 0 {
		return errors.New("the signer printed nothing: it must print the raw signature on its stdout")
	}
	if len(output) > MaxOutput {
		return fmt.Errorf("the signer printed more than %d bytes: it must print the raw signature only, and its messages on stderr", MaxOutput)
	}
	for _, reading := range readings {
		if err := k.surrounded(reading.signature, payload); err != nil {
			return err
		}
	}
	var shaped []error
	for _, reading := range readings {
		if len(reading.signature) == k.size() {
			shaped = append(shaped, k.explain(reading, payload))
		}
	}
	for _, err := range shaped {
		if !errors.As(err, new(anotherKeyError)) {
			return err
		}
	}
	if len(shaped) > 0 {
		return shaped[0]
	}
	return k.misshapen(output, readings)
}

// explain says why a signature of the right size doesn't verify.
func (k Key) explain(reading reading, payload []byte) error {
	switch public := k.Public.(type) {
	case *rsa.PublicKey:
		return explainRSA(public, k.Hash, payload, reading.signature)
	case *ecdsa.PublicKey:
		return explainECDSA(public, k.Hash, payload, reading.signature)
	default:
		return fmt.Errorf("keys of type %T can't sign", public)
	}
}

// anotherKeyError is what is said where nothing more precise is known.
type anotherKeyError struct{ name string }

func (e anotherKeyError) Error() string {
	return fmt.Sprintf("the signature has the size of one by %s, but isn't by the key of the leaf certificate: sign with the leaf's private key, or name the chain of the key that signs", e.name)
}

// surrounded recognises a good signature with something before or after it. It
// isn't cut out: which part is the signature would be the plugin's guess.
func (k Key) surrounded(signature, payload []byte) error {
	extra := len(signature) - k.size()
	if extra <= 0 {
		return nil
	}
	switch {
	case k.verify(payload, signature[extra:]):
		return fmt.Errorf("%d bytes precede a good signature on the signer's stdout: print the signature only, and messages on stderr", extra)
	case k.verify(payload, signature[:k.size()]):
		return fmt.Errorf("%d bytes follow a good signature on the signer's stdout: print the signature only, and messages on stderr", extra)
	}
	return nil
}

var keyOfSize = map[int]string{
	256: "RSA-2048", 384: "RSA-3072", 512: "RSA-4096",
	64: "EC-256", 96: "EC-384", 132: "EC-521",
}

func (k Key) name() string { return keyOfSize[k.size()] }

// misshapen says what output is that has the wrong size in every reading.
func (k Key) misshapen(output []byte, readings []reading) error {
	for _, reading := range readings {
		if name, known := keyOfSize[len(reading.signature)]; known {
			return fmt.Errorf("the signature is %s, the size of one by %s, but the leaf certificate's key is %s: sign with the leaf's private key, or name the chain of the key that signs",
				count(reading), name, k.name())
		}
		if _, _, ok := parseDER(reading.signature); ok {
			return fmt.Errorf("the signature is an ECDSA signature in ASN.1 DER that the leaf certificate's %s key can't have made: sign with the leaf's private key, or name the chain of the key that signs", k.name())
		}
	}
	last := readings[len(readings)-1]
	if isText(output) && (len(last.signature) > k.size() || len(last.signature) < k.size()/2 || last.encoding == "") {
		return fmt.Errorf("the signer printed text that isn't a signature: %s: it must print the raw signature on stdout, and its messages on stderr", snippet(output))
	}
	if len(last.signature) < k.size() {
		return fmt.Errorf("the signature is truncated: %s, but one by the leaf certificate's %s key has %d: print it as bytes, unchanged by a shell variable or a text conversion",
			count(last), k.name(), k.size())
	}
	return fmt.Errorf("the signer printed %s, but a signature by the leaf certificate's %s key has %d: print the raw signature only",
		count(last), k.name(), k.size())
}

func count(reading reading) string {
	if reading.encoding == "" {
		return fmt.Sprintf("%d bytes", len(reading.signature))
	}
	return fmt.Sprintf("%d bytes without %s", len(reading.signature), reading.encoding)
}

func isText(output []byte) bool {
	if !utf8.Valid(output) {
		return false
	}
	for _, r := range string(output) {
		if !unicode.IsPrint(r) && !unicode.IsSpace(r) {
			return false
		}
	}
	return true
}

// snippet quotes the beginning of a text, with escapes instead of control
// characters. It is short: what a signer prints by mistake may be a secret.
func snippet(text []byte) string {
	const limit = 60
	runes := []rune(string(text))
	if len(runes) <= limit {
		return strconv.Quote(string(runes))
	}
	return strconv.Quote(string(runes[:limit])) + "…"
}

// A mistake is a message that signers sign instead of the payload.
type mistake struct {
	message []byte
	cause   string
}

// mistakes are the messages that a signature may be over, the right one first.
func mistakes(hash crypto.Hash, payload []byte) []mistake {
	sum := digest(hash, payload)
	return []mistake{
		{payload, ""},
		{sum, "the payload's digest was hashed again: give the tool the payload, or tell it that its input is a digest"},
		{fmt.Appendf(nil, "%x", sum), "the payload's digest was signed as hexadecimal text: give the tool the payload, or the digest's bytes"},
		{nil, "nothing was signed, an empty input: read the payload from stdin, once"},
		{append(payload[:len(payload):len(payload)], '\n'), "the payload was signed with a newline added: pass stdin on as it is, not through echo or a shell variable"},
	}
}
