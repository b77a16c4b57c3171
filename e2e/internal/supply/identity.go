package supply

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/kballard/go-shellquote"

	"container-signing/e2e/internal/notation"
	"container-signing/internal/pki"
)

// KeyVariable names the file with the private key, for scripts/openssl.sh and
// for the signer that this program is where there is no openssl.
const KeyVariable = "EXTERNAL_PRIVATE_KEY"

// An Identity is who signs: a signer, its certificate chain, and the CA that
// vouches for it.
type Identity struct {
	notation.Signing
	CA string // file in PEM
	// Keys is the folder with the keys of a demonstration; empty for a signer of
	// the user's own.
	Keys string
}

// Demonstration says what identity to make.
type Demonstration struct {
	Name    string // common name of the certificate
	KeySpec string
	KeyID   string
	Format  string // of signatures
}

// The files of a demonstration.
const (
	authorityFile, authorityKeyFile = "ca.crt", "ca.key"
	chainFile, signerKeyFile        = "chain.crt", "signer.key"
)

// MakeDemonstration makes a fresh CA and leaf in the folder dir: ca.crt and
// chain.crt, signer.key to sign with, and ca.key to show what a careless CA makes
// possible.
func MakeDemonstration(d Demonstration, dir string) (Identity, error) {
	authority, err := pki.NewAuthority(d.Name+" CA", d.KeySpec)
	if err != nil {
		return Identity{}, err
	}
	leaf, err := authority.NewSigner(d.Name, d.KeySpec)
	if err != nil {
		return Identity{}, err
	}
	key, err := leaf.KeyPEM()
	if err != nil {
		return Identity{}, err
	}
	authorityKey, err := authority.KeyPEM()
	if err != nil {
		return Identity{}, err
	}
	in := func(file string) string { return filepath.Join(dir, file) }
	for file, content := range map[string][]byte{
		authorityFile: authority.PEM(), authorityKeyFile: authorityKey,
		chainFile: pki.EncodePEM(leaf.X509, authority.X509), signerKeyFile: key,
	} {
		if err := writeCertificate(dir, file, content); err != nil {
			return Identity{}, err
		}
	}
	return Identity{CA: in(authorityFile), Keys: dir, Signing: notation.Signing{
		CertificateChain: in(chainFile), KeyID: d.KeyID, Format: d.Format,
		Env: append(withoutUsersSettings(), KeyVariable+"="+in(signerKeyFile)),
	}}, nil
}

// withoutUsersSettings keeps what the environment says about the user's own
// signer from the demonstration's, which reads the same variables.
func withoutUsersSettings() []string {
	return []string{
		"EXTERNAL_SIGNER=", "EXTERNAL_CERT_CHAIN=", "EXTERNAL_TIMEOUT=", "EXTERNAL_PRIVATE_KEY_PASSIN=",
	}
}

// SignedByScript has the identity sign with scripts/openssl.sh of the project's
// source in root, or with this program where there is no openssl.
func (i Identity) SignedByScript(root string) (Identity, error) {
	if _, err := exec.LookPath("openssl"); err == nil {
		i.Signer = shellquote.Join(filepath.Join(root, "scripts", "openssl.sh"))
		return i, nil
	}
	self, err := os.Executable()
	if err != nil {
		return i, fmt.Errorf("finding this program: %w", err)
	}
	i.Signer = shellquote.Join(self, "signer")
	return i, nil
}

// A Signer is the user's own.
type Signer struct {
	Command          string // as a POSIX shell would split it
	CertificateChain string // file
	CA               string // file; empty for the root of the chain
	KeyID            string
	Format           string // of signatures
	Timeout          time.Duration
}

// Identity is that of the user's own signer. The CAs to trust are written to
// ca.crt in the folder dir.
func (s Signer) Identity(dir string) (Identity, error) {
	ca, err := WriteTrustedCAs(s.CertificateChain, s.CA, dir)
	if err != nil {
		return Identity{}, err
	}
	signing := s.Signing()
	signing.Asks = true
	return Identity{CA: ca, Signing: signing}, nil
}

// Signing is with what the user's own signer signs.
func (s Signer) Signing() notation.Signing {
	return notation.Signing{
		Signer: s.Command, CertificateChain: s.CertificateChain, KeyID: s.KeyID, Timeout: s.Timeout, Format: s.Format,
	}
}

// WriteTrustedCAs writes the CAs of a chain to ca.crt in the folder dir, and
// returns that file.
func WriteTrustedCAs(chain, ca, dir string) (string, error) {
	roots, err := TrustedCAs(chain, ca)
	if err != nil {
		return "", err
	}
	return filepath.Join(dir, authorityFile), writeCertificate(dir, authorityFile, pki.EncodePEM(roots...))
}

// writeCertificate writes a certificate or a key that only this user can read.
func writeCertificate(dir, file string, content []byte) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making a folder for certificates: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, file), content, 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", file, err)
	}
	return nil
}
