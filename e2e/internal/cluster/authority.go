package cluster

import (
	"fmt"
	"os"
	"path/filepath"

	"container-signing/internal/pki"
)

// The files of an authority that is made before its cluster.
const (
	authorityFile    = "ca.crt"
	authorityKeyFile = "ca.key"
)

// NewAuthority makes the authority of a cluster that is started later, perhaps
// elsewhere, and keeps it in dir for [Options].Authority. Beside it, it writes
// the kubeconfig of an administrator who will find the API server at the URL
// server, such as "https://cluster:6443".
func NewAuthority(dir, server string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the folder of the cluster's credentials: %w", err)
	}
	authority, err := freshAuthority()
	if err != nil {
		return err
	}
	administrator, err := newAdministrator(authority)
	if err != nil {
		return err
	}
	if err := writePrivate(filepath.Join(dir, authorityFile), authority.PEM()); err != nil {
		return err
	}
	if err := writeKey(filepath.Join(dir, authorityKeyFile), authority); err != nil {
		return err
	}
	return writeKubeconfig(filepath.Join(dir, "kubeconfig"), server, authority, administrator)
}

// CheckAuthority finds before a cluster is started that [NewAuthority] hasn't
// made the folder dir.
func CheckAuthority(dir string) error {
	_, err := readAuthority(dir)
	return err
}

func freshAuthority() (*pki.Certificate, error) { return pki.NewAuthority("cluster", "EC-256") }

// readAuthority reads what NewAuthority has made.
func readAuthority(dir string) (*pki.Certificate, error) {
	certificate, err := os.ReadFile(filepath.Join(dir, authorityFile))
	if err != nil {
		return nil, fmt.Errorf("reading the cluster's authority: %w", err)
	}
	key, err := os.ReadFile(filepath.Join(dir, authorityKeyFile))
	if err != nil {
		return nil, fmt.Errorf("reading the key of the cluster's authority: %w", err)
	}
	authority, err := pki.Parse(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("reading the cluster's authority in %q: %w", dir, err)
	}
	return authority, nil
}

// newAdministrator vouches for a user who may do everything.
func newAdministrator(authority *pki.Certificate) (*pki.Certificate, error) {
	return authority.NewClient("administrator", "system:masters")
}
