package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	shellquote "github.com/kballard/go-shellquote"

	"container-signing/e2e/internal/chain"
	"container-signing/internal/pki"
)

// An identity is who signs: a signer, its certificate chain, and the CA that
// vouches for it.
type identity struct {
	chain.Signing
	ca string // file in PEM
}

// newIdentity makes a fresh demonstration CA and leaf in dir, and has them
// sign with scripts/openssl.sh, or with this program where there is no
// openssl.
func newIdentity(o options, root, dir, name string) (identity, error) {
	authority, err := pki.NewAuthority(name+" CA", o.keySpec)
	if err != nil {
		return identity{}, err
	}
	leaf, err := authority.NewSigner(name, o.keySpec)
	if err != nil {
		return identity{}, err
	}
	key, err := leaf.KeyPEM()
	if err != nil {
		return identity{}, err
	}
	in := func(file string) string { return filepath.Join(dir, file) }
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return identity{}, fmt.Errorf("making a folder for certificates: %w", err)
	}
	for file, content := range map[string][]byte{
		in("ca.crt"): authority.PEM(), in("chain.crt"): pki.EncodePEM(leaf.X509, authority.X509), in("signer.key"): key,
	} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return identity{}, fmt.Errorf("writing the demonstration's certificates: %w", err)
		}
	}
	signer, err := demonstrationSigner(root)
	if err != nil {
		return identity{}, err
	}
	return identity{ca: in("ca.crt"), Signing: chain.Signing{
		Signer: signer, CertificateChain: in("chain.crt"), KeyID: o.keyID, Timeout: o.signerTimeout, Format: o.format,
		Env: []string{keyVariable + "=" + in("signer.key")},
	}}, nil
}

// demonstrationSigner returns the command that signs with the demonstration's
// key.
func demonstrationSigner(root string) (string, error) {
	if _, err := exec.LookPath("openssl"); err == nil {
		return shellquote.Join(filepath.Join(root, "scripts", "openssl.sh")), nil
	}
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("finding this program: %w", err)
	}
	return shellquote.Join(self, "signer"), nil
}

// trustedCAs returns the CAs that vouch for the user's own signer: those of
// --ca, or the self-signed certificate of the chain.
func trustedCAs(o options) ([]*x509.Certificate, error) {
	certificates, err := readCertificates(o.certificateChain)
	if err != nil {
		return nil, fmt.Errorf("reading --certificate-chain: %w", err)
	}
	for _, certificate := range certificates {
		if now := time.Now(); now.After(certificate.NotAfter) || now.Before(certificate.NotBefore) {
			return nil, fmt.Errorf("reading --certificate-chain: the certificate of %q is valid from %s to %s only: renew it",
				certificate.Subject, certificate.NotBefore.Format(time.RFC3339), certificate.NotAfter.Format(time.RFC3339))
		}
	}
	if o.ca != "" {
		roots, err := readCertificates(o.ca)
		if err != nil {
			return nil, fmt.Errorf("reading --ca: %w", err)
		}
		if !slices.ContainsFunc(roots, func(root *x509.Certificate) bool { return slices.ContainsFunc(certificates, root.Equal) }) {
			return nil, fmt.Errorf("reading --ca %q: none of its certificates is in --certificate-chain %q; give the CA that the chain ends with, or the chain of this CA", o.ca, o.certificateChain)
		}
		return roots, nil
	}
	roots := selfSigned(certificates)
	if len(roots) == 0 {
		return nil, fmt.Errorf("--certificate-chain %q has no self-signed certificate: add the root to it", o.certificateChain)
	}
	return roots, nil
}

// ownIdentity is the user's own signer. The CAs that it trusts are written to
// dir in PEM.
func ownIdentity(o options, dir string) (identity, error) {
	roots, err := trustedCAs(o)
	if err != nil {
		return identity{}, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return identity{}, fmt.Errorf("making a folder for certificates: %w", err)
	}
	ca := filepath.Join(dir, "ca.crt")
	if err := os.WriteFile(ca, pki.EncodePEM(roots...), 0o600); err != nil {
		return identity{}, fmt.Errorf("writing the CA: %w", err)
	}
	return identity{ca: ca, Signing: chain.Signing{
		Signer: o.signer, Asks: true, CertificateChain: o.certificateChain, KeyID: o.keyID, Timeout: o.signerTimeout, Format: o.format,
	}}, nil
}

// selfSigned returns the certificates that vouch for themselves, whether or not
// they are CAs: a lone certificate may be its own root.
func selfSigned(certificates []*x509.Certificate) []*x509.Certificate {
	var roots []*x509.Certificate
	for _, certificate := range certificates {
		signed := certificate.CheckSignature(certificate.SignatureAlgorithm, certificate.RawTBSCertificate, certificate.Signature)
		if bytes.Equal(certificate.RawIssuer, certificate.RawSubject) && signed == nil {
			roots = append(roots, certificate)
		}
	}
	return roots
}

// readCertificates reads a file of certificates, in PEM or DER.
func readCertificates(path string) ([]*x509.Certificate, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	der := content
	if block, _ := pem.Decode(content); block != nil {
		der = nil
		for rest := content; ; {
			if block, rest = pem.Decode(rest); block == nil {
				break
			}
			if block.Type == "CERTIFICATE" {
				der = append(der, block.Bytes...)
			}
		}
	}
	certificates, err := x509.ParseCertificates(der)
	if err != nil {
		return nil, fmt.Errorf("%q holds no certificates: %w; give it in PEM or DER", path, err)
	}
	if len(certificates) == 0 {
		return nil, fmt.Errorf("%q holds no certificates; give it in PEM or DER", path)
	}
	return certificates, nil
}
