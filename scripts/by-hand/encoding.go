package main

import (
	"bytes"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"

	"container-signing/internal/keyspec"
)

// decode returns the raw signature that content holds as bytes, base64 or
// hex, and r‖s where it is ECDSA in DER. An error says what is missing or
// wrong; half a file always gives one, at each byte where it can be cut.
//
// Whether the signature is the right one is checked by the plugin, which has the
// certificate.
func decode(spec keyspec.Spec, content []byte) ([]byte, error) {
	if len(content) == 0 {
		return nil, errors.New("it is empty")
	}
	raw, err := fromText(content)
	if err != nil {
		return nil, err
	}
	if spec.IsECDSA() {
		if total := derLength(spec, raw); total > 0 {
			return fromDER(spec, raw, total)
		}
	}
	if len(raw) != spec.SignatureSize() {
		return nil, fmt.Errorf("it holds %d bytes, a signature by %s has %d", len(raw), spec.Name, spec.SignatureSize())
	}
	return raw, nil
}

// fromText decodes base64 and hex, and returns everything else as it is.
// Text isn't taken for bytes, nor hex for base64, although half of one can be
// as long as the whole of the other: that all bytes of a signature are letters
// and digits by chance, or that its base64 has no letter above f, is less
// likely than guessing the key.
func fromText(content []byte) ([]byte, error) {
	const hexDigits = "0123456789abcdefABCDEF"
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
	text := string(bytes.Join(bytes.Fields(content), nil))
	var raw []byte
	var err error
	switch {
	case strings.Trim(text, hexDigits) == "":
		raw, err = hex.DecodeString(text)
	case strings.Trim(text, alphabet) == "":
		raw, err = base64.StdEncoding.DecodeString(text)
	default:
		return content, nil
	}
	if err != nil {
		return nil, fmt.Errorf("it is text, but not the whole of a signature in base64 or hex: %w", err)
	}
	return raw, nil
}

// derLength returns how many bytes the DER signature has that raw begins
// with, or 0 if raw doesn't begin like one. One r‖s in two million does; then
// it has to be answered in DER, or signed again.
func derLength(spec keyspec.Spec, raw []byte) int {
	const sequence, integer, longForm = 0x30, 0x02, 0x81
	if len(raw) < 4 || raw[0] != sequence {
		return 0
	}
	total, first := 2+int(raw[1]), raw[2]
	if raw[1] == longForm {
		total, first = 3+int(raw[2]), raw[3]
	}
	// Two tags and lengths, two leading zeros, three bytes of header.
	if first != integer || total < spec.SignatureSize() || total > spec.SignatureSize()+9 {
		return 0
	}
	return total
}

// fromDER turns the DER signature raw, total bytes of it, into r‖s.
func fromDER(spec keyspec.Spec, raw []byte, total int) ([]byte, error) {
	if len(raw) != total {
		return nil, fmt.Errorf("it holds %d bytes of DER, which says that it has %d", len(raw), total)
	}
	var signature struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(raw, &signature); err != nil {
		return nil, fmt.Errorf("it begins like DER: %w", err)
	}
	half := spec.SignatureSize() / 2
	for _, n := range []*big.Int{signature.R, signature.S} {
		if n.Sign() <= 0 || n.BitLen() > half*8 {
			return nil, fmt.Errorf("it is DER, but not a signature by %s", spec.Name)
		}
	}
	answer := make([]byte, 2*half)
	signature.R.FillBytes(answer[:half])
	signature.S.FillBytes(answer[half:])
	return answer, nil
}
