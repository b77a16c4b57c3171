package cluster

import (
	"fmt"
	"net"
	"net/url"
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
	authority, err := pki.NewAuthority("cluster", "EC-256")
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

// newAdministrator vouches for a user who may do everything.
func newAdministrator(authority *pki.Certificate) (*pki.Certificate, error) {
	return authority.NewClient("administrator", "system:masters")
}

// CheckAuthority finds before a cluster is started that [NewAuthority] hasn't
// made the folder dir.
func CheckAuthority(dir string) error {
	_, err := Options{Authority: dir}.authority()
	return err
}

// authority is the one that the options name, or a fresh one.
func (o Options) authority() (*pki.Certificate, error) {
	if o.Authority == "" {
		return pki.NewAuthority("cluster", "EC-256")
	}
	certificate, err := os.ReadFile(filepath.Join(o.Authority, authorityFile))
	if err != nil {
		return nil, fmt.Errorf("reading the cluster's authority: %w", err)
	}
	key, err := os.ReadFile(filepath.Join(o.Authority, authorityKeyFile))
	if err != nil {
		return nil, fmt.Errorf("reading the key of the cluster's authority: %w", err)
	}
	authority, err := pki.Parse(certificate, key)
	if err != nil {
		return nil, fmt.Errorf("reading the cluster's authority in %q: %w", o.Authority, err)
	}
	return authority, nil
}

// Dial connects with the API server.
func (c *Cluster) Dial() (net.Conn, error) {
	server, err := url.Parse(c.Config.Host)
	if err != nil {
		return nil, err
	}
	return net.Dial("tcp", server.Host)
}
