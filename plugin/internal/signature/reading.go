package signature

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"unicode"
)

// A reading is one way to understand the output.
type reading struct {
	signature []byte
	// encoding says what was undone to get here, or is empty.
	encoding string
}

func (k Key) readings(output []byte) []reading {
	texts := []reading{{output, ""}}
	if trimmed := k.trimNewlines(output); len(trimmed) < len(output) {
		texts = append(texts, reading{trimmed, "a newline at the end"})
	}
	texts = append(texts, decodeText(output)...)
	var result []reading
	for _, text := range texts {
		if fixed, ok := k.fromDER(text.signature); ok {
			result = append(result, reading{fixed, strings.TrimPrefix(text.encoding+" of ASN.1 DER", " of ")})
		}
		result = append(result, text)
	}
	return result
}

// trimNewlines leaves the newlines that are bytes of the signature itself: one in
// 128 ends with one.
func (k Key) trimNewlines(output []byte) []byte {
	for len(output) > k.Spec.SignatureSize() && isNewline(output[len(output)-1]) {
		output = output[:len(output)-1]
	}
	return output
}

func isNewline(b byte) bool { return b == '\r' || b == '\n' }

// decodeText undoes base64 in both alphabets and hexadecimal, wrapped or not,
// padded or not. A text that is valid in several is returned in each.
func decodeText(output []byte) []reading {
	text := strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, string(output))
	if text == "" {
		return nil
	}
	var result []reading
	if decoded, err := hex.DecodeString(text); err == nil {
		result = append(result, reading{decoded, "hexadecimal text"})
	}
	unpadded := strings.TrimRight(text, "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if decoded, err := encoding.DecodeString(unpadded); err == nil {
			result = append(result, reading{decoded, "base64 text"})
		}
	}
	return result
}

// fromDER converts an ECDSA signature from ASN.1 DER, openssl's default, to r‖s
// of fixed width.
func (k Key) fromDER(der []byte) ([]byte, bool) {
	if !k.Spec.IsECDSA() {
		return nil, false
	}
	r, s, ok := parseDER(der)
	order := k.Spec.Curve.Params().N
	if !ok || r.Sign() <= 0 || s.Sign() <= 0 || r.Cmp(order) >= 0 || s.Cmp(order) >= 0 {
		return nil, false
	}
	fixed := make([]byte, k.Spec.SignatureSize())
	r.FillBytes(fixed[:len(fixed)/2])
	s.FillBytes(fixed[len(fixed)/2:])
	return fixed, true
}

// parseDER returns the numbers of an ECDSA signature in ASN.1 DER, which says its
// own length: newlines after it aren't its.
func parseDER(der []byte) (r, s *big.Int, ok bool) {
	var value struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(der, &value)
	return value.R, value.S, err == nil && len(bytes.TrimRight(rest, "\r\n")) == 0
}
