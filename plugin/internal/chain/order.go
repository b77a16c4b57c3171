package chain

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"

	"container-signing/internal/hint"
)

// maxCertificates bounds the work of looking for who issued whom.
const maxCertificates = 100

// order returns the one way from the leaf to a self-signed root. Who issued
// whom is taken from names and signatures alone, so that a certificate that
// breaks another rule is still placed, and that rule can be named.
func order(certificates []*x509.Certificate) ([]*x509.Certificate, error) {
	if len(certificates) > maxCertificates {
		return nil, hint.Add(fmt.Errorf("the file holds %d certificates", len(certificates)),
			"leave the leaf's, those of its issuers and the root's")
	}
	pool := distinct(certificates)
	leaf, err := findLeaf(pool)
	if err != nil {
		return nil, err
	}
	chain := []*x509.Certificate{leaf}
	for last := leaf; !issued(last, last); last = chain[len(chain)-1] {
		issuer, err := findIssuer(last, pool)
		if err != nil {
			return nil, err
		}
		if slices.Contains(chain, issuer) {
			return nil, hint.Add(fmt.Errorf("certificate %q is an issuer of its own issuer", subject(issuer)),
				"give the chain a self-signed root")
		}
		chain = append(chain, issuer)
	}
	return chain, nil
}

func distinct(certificates []*x509.Certificate) []*x509.Certificate {
	var result []*x509.Certificate
	for _, certificate := range certificates {
		if !slices.ContainsFunc(result, certificate.Equal) {
			result = append(result, certificate)
		}
	}
	return result
}

// findLeaf returns the only certificate that issued no other one; among several
// such, the only one that isn't a CA.
func findLeaf(pool []*x509.Certificate) (*x509.Certificate, error) {
	ends := slices.DeleteFunc(slices.Clone(pool), func(candidate *x509.Certificate) bool {
		return slices.ContainsFunc(pool, func(other *x509.Certificate) bool {
			return other != candidate && issued(candidate, other)
		})
	})
	if len(ends) > 1 {
		ends = slices.DeleteFunc(ends, func(end *x509.Certificate) bool { return end.IsCA })
	}
	switch len(ends) {
	case 1:
		return ends[0], nil
	case 0:
		return nil, hint.Add(fmt.Errorf("no signing certificate among %s", subjects(pool)),
			"add the certificate of the key that signs")
	default:
		return nil, hint.Add(fmt.Errorf("more than one signing certificate: %s", subjects(ends)),
			"leave the one of the key that signs")
	}
}

// findIssuer prefers a self-signed issuer to one of the same name and key that
// another CA has cross-signed: the way to the root is the shorter one, and
// nothing extra is sent. Two equals are an error.
func findIssuer(certificate *x509.Certificate, pool []*x509.Certificate) (*x509.Certificate, error) {
	var issuers, roots []*x509.Certificate
	for _, candidate := range pool {
		if issued(candidate, certificate) {
			issuers = append(issuers, candidate)
			if issued(candidate, candidate) {
				roots = append(roots, candidate)
			}
		}
	}
	if len(roots) == 1 {
		return roots[0], nil
	}
	switch len(issuers) {
	case 1:
		return issuers[0], nil
	case 0:
		return nil, missingIssuer(certificate, pool)
	default:
		return nil, hint.Add(fmt.Errorf("%d certificates %q could be the issuer of %q",
			len(issuers), subject(issuers[0]), subject(certificate)), "leave one")
	}
}

// missingIssuer tells apart an issuer that isn't there from one that is there
// by its name only.
func missingIssuer(certificate *x509.Certificate, pool []*x509.Certificate) error {
	for _, candidate := range pool {
		if !bytes.Equal(candidate.RawSubject, certificate.RawIssuer) {
			continue
		}
		err := checkSignature(candidate, certificate)
		if errors.As(err, new(x509.InsecureAlgorithmError)) {
			return hint.Add(fmt.Errorf("certificate %q is signed with %v, which verifiers refuse",
				subject(certificate), certificate.SignatureAlgorithm), "have it issued again with SHA-256 or better")
		}
		return hint.Add(fmt.Errorf("certificate %q names %q as its issuer, "+
			"but the certificate of that name in the file didn't sign it (%w)",
			subject(certificate), certificate.Issuer, err), "replace it by the one that did")
	}
	return hint.Add(fmt.Errorf("the chain ends at %q, which isn't self-signed", subject(certificate)),
		"add the certificate of its issuer %q, and so on up to the self-signed root", certificate.Issuer)
}

func issued(issuer, certificate *x509.Certificate) bool {
	return bytes.Equal(issuer.RawSubject, certificate.RawIssuer) && checkSignature(issuer, certificate) == nil
}

// checkSignature isn't CheckSignatureFrom, which checks more than the signature.
func checkSignature(issuer, certificate *x509.Certificate) error {
	return issuer.CheckSignature(certificate.SignatureAlgorithm, certificate.RawTBSCertificate, certificate.Signature)
}

func subject(certificate *x509.Certificate) string {
	return certificate.Subject.String()
}

func subjects(certificates []*x509.Certificate) string {
	var quoted []string
	for _, certificate := range certificates {
		quoted = append(quoted, fmt.Sprintf("%q", subject(certificate)))
	}
	return strings.Join(quoted, ", ")
}
