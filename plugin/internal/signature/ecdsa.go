package signature

import (
	"crypto"
	"crypto/ecdsa"
	"fmt"

	// The hash that signers take when nobody tells them which.
	_ "crypto/sha1"
)

// explainECDSA tries the mistakes that a public key can recognise: an ECDSA
// signature says neither which hash nor which message it was made with.
func explainECDSA(public *ecdsa.PublicKey, hash crypto.Hash, payload, signature []byte) error {
	r, s := split(signature)
	if ecdsa.Verify(public, digest(hash, payload), s, r) {
		return fmt.Errorf("r and s are swapped: print r first, then s")
	}
	for _, mistake := range mistakes(hash, payload) {
		for _, other := range hashes {
			if !ecdsa.Verify(public, digest(other, mistake.message), r, s) {
				continue
			}
			if mistake.cause != "" {
				return fmt.Errorf("%s", mistake.cause)
			}
			return wrongHash(other, hash)
		}
	}
	return anotherKeyError{Key{Public: public}.name()}
}

// hashes are those that a signer may take by mistake, and the right ones.
var hashes = []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA1, crypto.SHA224}

func wrongHash(used, wanted crypto.Hash) error {
	return fmt.Errorf("the signature is over the payload's %v digest, but %v is wanted: take the hash that SIGNER_HASH_ALGORITHM names", used, wanted)
}
