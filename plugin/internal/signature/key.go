package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"math/big"

	"container-signing/internal/keyspec"
)

// Key is a public key and its key spec.
type Key struct {
	// Public is an *rsa.PublicKey or an *ecdsa.PublicKey.
	Public crypto.PublicKey
	Spec   keyspec.Spec
}

// verify is as strict as the strictest verifier, which is COSE's: a PSS salt as
// long as the digest (RFC 8230 section 2), ECDSA as r‖s of fixed width (RFC 9053
// section 2.1).
func (k Key) verify(payload, signature []byte) bool {
	if len(signature) != k.Spec.SignatureSize() {
		return false
	}
	switch public := k.Public.(type) {
	case *rsa.PublicKey:
		options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		return rsa.VerifyPSS(public, k.Spec.Hash, k.Spec.Digest(payload), signature, options) == nil
	case *ecdsa.PublicKey:
		r, s := split(signature)
		return ecdsa.Verify(public, k.Spec.Digest(payload), r, s)
	default:
		return false
	}
}

// split takes r‖s apart.
func split(signature []byte) (r, s *big.Int) {
	half := len(signature) / 2
	return new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
}
