package signature

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"fmt"
	"strconv"
	"unicode"
	"unicode/utf8"

	"container-signing/internal/hint"
	"container-signing/internal/keyspec"
)

// What to do about the commonest causes.
const (
	useLeafKey    = "sign with the leaf's private key, or name the chain of the key that signs"
	printOnlyThat = "print the raw signature only, and messages on stderr"
)

// diagnose says why no reading of the output is the signature. It is only ever
// asked about output that verify refused, and never makes it pass.
func (k Key) diagnose(output, payload []byte, readings []reading) error {
	if len(output) == 0 {
		return hint.Add(errors.New("the signer printed nothing"), "print the raw signature on stdout")
	}
	if len(output) > MaxOutput {
		return hint.Add(fmt.Errorf("the signer printed more than %d bytes", MaxOutput), printOnlyThat)
	}
	for _, reading := range readings {
		if err := k.surrounded(reading.signature, payload); err != nil {
			return err
		}
	}
	var shaped []error
	for _, reading := range readings {
		if len(reading.signature) == k.Spec.SignatureSize() {
			shaped = append(shaped, k.explain(reading, payload))
		}
	}
	for _, err := range shaped {
		if !errors.Is(err, errAnotherKey) {
			return err
		}
	}
	if len(shaped) > 0 {
		err := fmt.Errorf("the signature has the size of one by %s, but %w", k.Spec.Name, errAnotherKey)
		return hint.Add(err, useLeafKey)
	}
	return k.misshapen(output, readings)
}

// explain says why a signature of the right size doesn't verify.
func (k Key) explain(reading reading, payload []byte) error {
	switch public := k.Public.(type) {
	case *rsa.PublicKey:
		return explainRSA(public, k.Spec.Hash, payload, reading.signature)
	case *ecdsa.PublicKey:
		return explainECDSA(public, k.Spec.Hash, payload, reading.signature)
	default:
		return fmt.Errorf("keys of type %T can't sign", public)
	}
}

// surrounded recognises a good signature with something before or after it. It
// isn't cut out: a signer that prints more than its signature is a mistake that
// should be seen.
func (k Key) surrounded(signature, payload []byte) error {
	size := k.Spec.SignatureSize()
	extra := len(signature) - size
	if extra <= 0 {
		return nil
	}
	var position string
	switch {
	case k.verify(payload, signature[extra:]):
		position = "precede"
	case k.verify(payload, signature[:size]):
		position = "follow"
	default:
		return nil
	}
	return hint.Add(fmt.Errorf("%d bytes %s a good signature on the signer's stdout", extra, position), printOnlyThat)
}

// misshapen says what output is that has the wrong size in every reading.
func (k Key) misshapen(output []byte, readings []reading) error {
	name, size := k.Spec.Name, k.Spec.SignatureSize()
	for _, reading := range readings {
		if other, known := keyspec.OfSignature(len(reading.signature)); known {
			err := fmt.Errorf("the signature is %s, the size of one by %s, but the leaf certificate's key is %s",
				count(reading), other.Name, name)
			return hint.Add(err, useLeafKey)
		}
		if _, _, ok := parseDER(reading.signature); ok {
			return hint.Add(fmt.Errorf("the signature is an ECDSA signature in ASN.1 DER "+
				"that the leaf certificate's %s key can't have made", name), useLeafKey)
		}
	}
	last := readings[len(readings)-1]
	if isText(output) && (len(last.signature) > size || len(last.signature) < size/2 || last.encoding == "") {
		err := fmt.Errorf("the signer printed text that isn't a signature: %s", snippet(output))
		return hint.Add(err, printOnlyThat)
	}
	if len(last.signature) < size {
		return hint.Add(fmt.Errorf("the signature is truncated: %s, but one by the leaf certificate's %s key has %d",
			count(last), name, size), "print it as bytes, unchanged by a shell variable or a text conversion")
	}
	return hint.Add(fmt.Errorf("the signer printed %s, but a signature by the leaf certificate's %s key has %d",
		count(last), name, size), printOnlyThat)
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
