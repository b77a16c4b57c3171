package keyspec

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"math/big"
)

// Sign returns the raw signature of a payload by a key, as the Notary Project's
// specification wants it: RSASSA-PSS with a salt as long as the digest, or
// ECDSA as r and s of the curve's width, one after the other.
func Sign(key crypto.Signer, payload []byte) ([]byte, error) {
	spec, err := Of(key.Public())
	if err != nil {
		return nil, err
	}
	var options crypto.SignerOpts = spec.Hash
	if !spec.IsECDSA() {
		options = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: spec.Hash}
	}
	signature, err := key.Sign(rand.Reader, spec.Digest(payload), options)
	if err != nil {
		return nil, fmt.Errorf("signing with a key of type %s: %w", spec.Name, err)
	}
	if spec.IsECDSA() {
		return spec.fixedWidth(signature)
	}
	return signature, nil
}

// fixedWidth turns the ASN.1 DER of an ECDSA signature into r and s.
func (s Spec) fixedWidth(der []byte) ([]byte, error) {
	var value struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &value); err != nil {
		return nil, fmt.Errorf("reading the signature that the key has made: %w", err)
	}
	raw := make([]byte, s.SignatureSize())
	value.R.FillBytes(raw[:len(raw)/2])
	value.S.FillBytes(raw[len(raw)/2:])
	return raw, nil
}
