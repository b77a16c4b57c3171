package signature

import (
	"crypto"
	"crypto/ecdsa"
	"errors"

	"container-signing/internal/hint"
)

// explainECDSA tries the mistakes that a public key can recognise: an ECDSA
// signature says neither which hash nor which message it was made with.
func explainECDSA(public *ecdsa.PublicKey, hash crypto.Hash, payload, signature []byte) error {
	r, s := split(signature)
	if ecdsa.Verify(public, digest(hash, payload), s, r) {
		return hint.Add(errors.New("r and s are swapped"), "print r first, then s")
	}
	for _, mistake := range mistakes(hash, payload) {
		for _, other := range hashes {
			if !ecdsa.Verify(public, digest(other, mistake.message), r, s) {
				continue
			}
			if mistake.cause != "" {
				return mistake.err()
			}
			return wrongHash(other, hash)
		}
	}
	return errAnotherKey
}
