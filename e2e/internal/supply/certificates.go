package supply

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"container-signing/internal/hint"
)

// TrustedCAs returns the CAs that vouch for a signer's chain: those in the file
// ca, or the self-signed certificate of the chain. Its errors name the flags
// that the files come from.
func TrustedCAs(chain, ca string) ([]*x509.Certificate, error) {
	certificates, err := ReadCertificates(chain)
	if err != nil {
		return nil, fmt.Errorf("reading --certificate-chain: %w", err)
	}
	for _, certificate := range certificates {
		if err := checkValidity(certificate); err != nil {
			return nil, fmt.Errorf("reading --certificate-chain: %w", err)
		}
	}
	if ca == "" {
		roots := selfSigned(certificates)
		if len(roots) == 0 {
			return nil, hint.Add(fmt.Errorf("--certificate-chain %q has no self-signed certificate", chain),
				"add the root to it")
		}
		return roots, nil
	}
	roots, err := ReadCertificates(ca)
	if err != nil {
		return nil, fmt.Errorf("reading --ca: %w", err)
	}
	if !slices.ContainsFunc(roots,
		func(root *x509.Certificate) bool { return slices.ContainsFunc(certificates, root.Equal) }) {
		return nil,
			hint.Add(fmt.Errorf("reading --ca %q: none of its certificates is in --certificate-chain %q", ca, chain),
				"give the CA that the chain ends with, or the chain of this CA")
	}
	return roots, nil
}

func checkValidity(certificate *x509.Certificate) error {
	if now := time.Now(); !now.After(certificate.NotAfter) && !now.Before(certificate.NotBefore) {
		return nil
	}
	return hint.Add(fmt.Errorf("the certificate of %q is valid from %s to %s only", certificate.Subject,
		certificate.NotBefore.Format(time.RFC3339), certificate.NotAfter.Format(time.RFC3339)), "renew it")
}

// selfSigned returns the certificates that vouch for themselves, whether or not
// they are CAs: a lone certificate may be its own root.
func selfSigned(certificates []*x509.Certificate) []*x509.Certificate {
	var roots []*x509.Certificate
	for _, certificate := range certificates {
		signed := certificate.CheckSignature(certificate.SignatureAlgorithm, certificate.RawTBSCertificate,
			certificate.Signature)
		if bytes.Equal(certificate.RawIssuer, certificate.RawSubject) && signed == nil {
			roots = append(roots, certificate)
		}
	}
	return roots
}

// ReadCertificates reads a file of certificates, in PEM or DER.
func ReadCertificates(path string) ([]*x509.Certificate, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	certificates, err := x509.ParseCertificates(derOf(content))
	if err == nil && len(certificates) == 0 {
		err = errors.New("there are none")
	}
	if err != nil {
		return nil, hint.Add(fmt.Errorf("%q holds no certificates: %w", path, err), "give it in PEM or DER")
	}
	return certificates, nil
}

// derOf returns the certificates of a file one after the other in DER.
func derOf(content []byte) []byte {
	block, rest := pem.Decode(content)
	if block == nil {
		return content
	}
	var der []byte
	for ; block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			der = append(der, block.Bytes...)
		}
	}
	return der
}
