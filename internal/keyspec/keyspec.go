// Package keyspec knows the key types of the Notary Project and the one
// signature algorithm that goes with each.
//
// Source: https://github.com/notaryproject/notaryproject/blob/main/specs/signature-specification.md#algorithm-selection
package keyspec

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"fmt"

	// A crypto.Hash is usable only where its package is linked in.
	_ "crypto/sha256"
	_ "crypto/sha512"

	"github.com/notaryproject/notation-plugin-framework-go/plugin"
)

// Spec is a key type together with the algorithm that it signs with.
type Spec struct {
	Name             plugin.KeySpec
	Hash             crypto.Hash
	HashAlgorithm    plugin.HashAlgorithm
	SigningAlgorithm plugin.SignatureAlgorithm
}

var specs = map[plugin.KeySpec]Spec{
	plugin.KeySpecRSA2048: {plugin.KeySpecRSA2048, crypto.SHA256, plugin.HashAlgorithmSHA256, plugin.SignatureAlgorithmRSASSA_PSS_SHA256},
	plugin.KeySpecRSA3072: {plugin.KeySpecRSA3072, crypto.SHA384, plugin.HashAlgorithmSHA384, plugin.SignatureAlgorithmRSASSA_PSS_SHA384},
	plugin.KeySpecRSA4096: {plugin.KeySpecRSA4096, crypto.SHA512, plugin.HashAlgorithmSHA512, plugin.SignatureAlgorithmRSASSA_PSS_SHA512},
	plugin.KeySpecEC256:   {plugin.KeySpecEC256, crypto.SHA256, plugin.HashAlgorithmSHA256, plugin.SignatureAlgorithmECDSA_SHA256},
	plugin.KeySpecEC384:   {plugin.KeySpecEC384, crypto.SHA384, plugin.HashAlgorithmSHA384, plugin.SignatureAlgorithmECDSA_SHA384},
	plugin.KeySpecEC521:   {plugin.KeySpecEC521, crypto.SHA512, plugin.HashAlgorithmSHA512, plugin.SignatureAlgorithmECDSA_SHA512},
}

// Of returns the key type of a public key. Keys that the Notary Project has no
// name for are an error that lists the ones it has.
func Of(key crypto.PublicKey) (Spec, error) {
	var name plugin.KeySpec
	switch key := key.(type) {
	case *rsa.PublicKey:
		name = plugin.KeySpec(fmt.Sprintf("RSA-%d", key.N.BitLen()))
	case *ecdsa.PublicKey:
		name = plugin.KeySpec(fmt.Sprintf("EC-%d", key.Curve.Params().BitSize))
	default:
		name = plugin.KeySpec(fmt.Sprintf("%T", key))
	}
	spec, ok := specs[name]
	if !ok {
		return Spec{}, fmt.Errorf("key type %s isn't usable for Notation signatures: use RSA-2048, RSA-3072, RSA-4096, EC-256, EC-384 or EC-521", name)
	}
	return spec, nil
}
