// Package keyspec lists the key specs of the Notary Project, and the one
// signature algorithm that goes with each.
//
// Source: signature-specification.md of https://github.com/notaryproject/specifications,
// "Algorithm Selection"
package keyspec

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"
	"slices"
	"strings"

	// A crypto.Hash is usable only where its package is linked in.
	_ "crypto/sha256"
	_ "crypto/sha512"

	"container-signing/internal/hint"
)

// Spec is a kind of key with the algorithm by which it signs.
type Spec struct {
	// Name is that of the key spec, such as RSA-3072.
	Name string
	// Hash is over the payload. Its String is the hash algorithm's name in the
	// plugin contract, such as SHA-384.
	Hash crypto.Hash
	// SigningAlgorithm is the signature algorithm's name in the plugin contract.
	SigningAlgorithm string
	// Bits is the size of the RSA modulus or of the elliptic curve.
	Bits int
	// Curve is nil for RSA.
	Curve elliptic.Curve
}

var specs = []Spec{
	{"RSA-2048", crypto.SHA256, "RSASSA-PSS-SHA-256", 2048, nil},
	{"RSA-3072", crypto.SHA384, "RSASSA-PSS-SHA-384", 3072, nil},
	{"RSA-4096", crypto.SHA512, "RSASSA-PSS-SHA-512", 4096, nil},
	{"EC-256", crypto.SHA256, "ECDSA-SHA-256", 256, elliptic.P256()},
	{"EC-384", crypto.SHA384, "ECDSA-SHA-384", 384, elliptic.P384()},
	{"EC-521", crypto.SHA512, "ECDSA-SHA-512", 521, elliptic.P521()},
}

// All returns all key specs, RSA first, the smallest key first.
func All() []Spec { return slices.Clone(specs) }

// Names returns the names of all key specs in the order of [All].
func Names() []string {
	var names []string
	for _, spec := range specs {
		names = append(names, spec.Name)
	}
	return names
}

// Named returns the key spec of a name such as EC-256.
func Named(name string) (Spec, error) {
	for _, spec := range specs {
		if spec.Name == name {
			return spec, nil
		}
	}
	return Spec{}, hint.Add(fmt.Errorf("unknown key spec %q", name), "known are %s", strings.Join(Names(), ", "))
}

// Of returns the key spec of a public key. A key that the Notary Project has no
// name for is an error.
func Of(key crypto.PublicKey) (Spec, error) {
	name := fmt.Sprintf("%T", key)
	switch key := key.(type) {
	case *rsa.PublicKey:
		name = fmt.Sprintf("RSA-%d", key.N.BitLen())
	case *ecdsa.PublicKey:
		name = fmt.Sprintf("EC-%d", key.Curve.Params().BitSize)
	}
	spec, err := Named(name)
	if err != nil {
		return Spec{}, hint.Add(fmt.Errorf("a key of type %s can't make Notation signatures", name),
			"use a key of type %s", strings.Join(Names(), ", "))
	}
	return spec, nil
}

// OfSignature returns the key spec whose signatures are size bytes long. No two
// key specs have signatures of the same length.
func OfSignature(size int) (Spec, bool) {
	index := slices.IndexFunc(specs, func(spec Spec) bool { return spec.SignatureSize() == size })
	if index < 0 {
		return Spec{}, false
	}
	return specs[index], true
}

// IsECDSA says whether keys of this kind sign by ECDSA, and not by RSASSA-PSS.
func (s Spec) IsECDSA() bool { return s.Curve != nil }

// SignatureSize is the length of a raw signature in bytes. An ECDSA signature
// is r and s, each as long as the curve is wide.
func (s Spec) SignatureSize() int {
	width := (s.Bits + 7) / 8
	if s.IsECDSA() {
		return 2 * width
	}
	return width
}

// Digest returns the hash of a payload.
func (s Spec) Digest(payload []byte) []byte {
	hash := s.Hash.New()
	hash.Write(payload) // a hash never returns an error
	return hash.Sum(nil)
}
