// Package signature turns what a signer printed into the raw signature that
// Notation expects, or says what is wrong with it.
package signature

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"math/big"
)

// MaxOutput is how many bytes a signer may print. The longest signature, of
// RSA-4096, is 512 bytes; wrapped hexadecimal text of it is about 1 KiB.
const MaxOutput = 16 << 10

// Key is a public key and the hash that the Notary Project pairs with it.
type Key struct {
	// Public is an *rsa.PublicKey or an *ecdsa.PublicKey.
	Public crypto.PublicKey
	Hash   crypto.Hash
}

// verify is as strict as the strictest verifier, which is COSE's: a PSS salt as
// long as the digest (RFC 8230 section 2), ECDSA as r‖s of fixed width (RFC 9053
// section 2.1).
func (k Key) verify(payload, signature []byte) bool {
	if len(signature) != k.size() {
		return false
	}
	switch public := k.Public.(type) {
	case *rsa.PublicKey:
		options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		return rsa.VerifyPSS(public, k.Hash, digest(k.Hash, payload), signature, options) == nil
	case *ecdsa.PublicKey:
		r, s := split(signature)
		return ecdsa.Verify(public, digest(k.Hash, payload), r, s)
	default:
		return false
	}
}

// size is the length of the key's signatures in bytes, or 0 for a key of
// another kind.
func (k Key) size() int {
	switch public := k.Public.(type) {
	case *rsa.PublicKey:
		return public.Size()
	case *ecdsa.PublicKey:
		return 2 * coordinateSize(public)
	default:
		return 0
	}
}

func coordinateSize(public *ecdsa.PublicKey) int {
	return (public.Curve.Params().BitSize + 7) / 8
}

// split takes r‖s apart.
func split(signature []byte) (r, s *big.Int) {
	half := len(signature) / 2
	return new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
}

func digest(hash crypto.Hash, message []byte) []byte {
	h := hash.New()
	h.Write(message)
	return h.Sum(nil)
}
