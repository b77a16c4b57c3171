package forgery

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"time"

	"container-signing/internal/pki"
)

// An identity is who signs a forgery: a chain that the signature shows, leaf
// first, and the key that signs.
type identity struct {
	chain []*x509.Certificate
	key   crypto.Signer
}

// Means are what forgeries are made with, besides a signature by a signer who is
// trusted: that signer with the key, and the CA with its own. They are nil where
// these keys aren't to be had, as with a signer of the user's.
type Means struct{ Signer, Authority *pki.Certificate }

// An intruder has keys of its own, and makes certificates that look like those
// of a signer who is trusted.
type intruder struct {
	chain []*x509.Certificate // of that signer, leaf first
	means Means
}

func (i *intruder) leaf() *x509.Certificate { return i.chain[0] }
func (i *intruder) root() *x509.Certificate { return i.chain[len(i.chain)-1] }

// keySpec is that of the intruder's own keys: the quickest to make.
const keySpec = "EC-256"

// like is a template for a certificate of the same names, uses and key
// identifiers.
func like(certificate *x509.Certificate) *x509.Certificate {
	return &x509.Certificate{
		RawSubject: certificate.RawSubject, Subject: certificate.Subject,
		IsCA: certificate.IsCA, BasicConstraintsValid: true,
		KeyUsage: certificate.KeyUsage, ExtKeyUsage: certificate.ExtKeyUsage,
		SubjectKeyId: certificate.SubjectKeyId, AuthorityKeyId: certificate.AuthorityKeyId,
		SerialNumber: certificate.SerialNumber,
	}
}

// sameNames is a signer of the same names by a CA of the same names. It vouches
// for itself if the signer who is trusted does.
func (i *intruder) sameNames() (identity, error) {
	if len(i.chain) == 1 {
		return i.itself()
	}
	root, err := issue(nil, like(i.root()))
	if err != nil {
		return identity{}, err
	}
	return issuedBy(root, like(i.leaf()))
}

// itself is a signer of the same names that nobody vouches for.
func (i *intruder) itself() (identity, error) {
	leaf := like(i.leaf())
	leaf.AuthorityKeyId = nil
	made, err := issue(nil, leaf)
	if err != nil {
		return identity{}, err
	}
	return identity{[]*x509.Certificate{made.X509}, made.Key}, nil
}

// trusted is the signer who is trusted.
func (i *intruder) trusted() (identity, error) {
	return identity{i.chain, i.means.Signer.Key}, nil
}

// stolenChain is the chain of the signer who is trusted, with a key of the
// intruder's.
func (i *intruder) stolenChain() (identity, error) {
	key, err := pki.NewKey(keySpec)
	return identity{i.chain, key}, err
}

// withTrustedRoot is a signer of the intruder's whose signature shows the CA
// that is trusted as well.
func (i *intruder) withTrustedRoot() (identity, error) {
	own, err := i.sameNames()
	if err != nil {
		return identity{}, err
	}
	return identity{[]*x509.Certificate{own.chain[0], i.root()}, own.key}, nil
}

// byLeaf is a signer that the certificate of a signer who is trusted vouches
// for, which is none of a CA.
func (i *intruder) byLeaf() (identity, error) {
	made, err := issue(i.means.Signer, pki.Signer("issued by a signer"))
	if err != nil {
		return identity{}, err
	}
	return identity{append([]*x509.Certificate{made.X509}, i.chain...), made.Key}, nil
}

// authorityItself is the CA that is trusted, as a signer.
func (i *intruder) authorityItself() (identity, error) {
	return identity{[]*x509.Certificate{i.means.Authority.X509}, i.means.Authority.Key}, nil
}

// misissued is a signer with a certificate that the CA that is trusted ought not
// to have issued, or not for this.
func misissued(change func(*x509.Certificate)) func(*intruder) (identity, error) {
	return func(i *intruder) (identity, error) {
		template := pki.Signer("misissued")
		change(template)
		return issuedBy(i.means.Authority, template)
	}
}

// weak is a signer with a key of a curve that Notation has no algorithm for.
func (i *intruder) weak() (identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		return identity{}, err
	}
	made, err := i.means.Authority.Issue(pki.Signer("weak"), key)
	if err != nil {
		return identity{}, err
	}
	return identity{[]*x509.Certificate{made.X509, i.means.Authority.X509}, key}, nil
}

func issue(by *pki.Certificate, template *x509.Certificate) (*pki.Certificate, error) {
	key, err := pki.NewKey(keySpec)
	if err != nil {
		return nil, err
	}
	return by.Issue(template, key)
}

func issuedBy(authority *pki.Certificate, template *x509.Certificate) (identity, error) {
	made, err := issue(authority, template)
	if err != nil {
		return identity{}, err
	}
	return identity{[]*x509.Certificate{made.X509, authority.X509}, made.Key}, nil
}

// What can be wrong with a certificate.

func expired(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
}

func notYetValid(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Now().Add(time.Hour), time.Now().Add(2*time.Hour)
}

func forServers(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }

func forEncryption(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }

func asAuthority(c *x509.Certificate) {
	c.Subject = pkix.Name{CommonName: "a CA that signs images"}
	c.IsCA, c.KeyUsage, c.ExtKeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageDigitalSignature, nil
}
