package cluster

import (
	"fmt"
	"os"
	"path/filepath"

	"container-signing/internal/pki"
)

// credentials are the files by which the parts of a cluster know each other.
type credentials struct {
	authority         string
	serverCertificate string
	serverKey         string
	serviceAccountKey string
	serviceAccountPub string
	kubeconfig        string
	nodeKubeconfig    string
	kyvernoKubeconfig string
}

// credentialsIn names them in a cluster's folder.
func credentialsIn(dir string) credentials {
	in := func(name string) string { return filepath.Join(dir, name) }
	return credentials{
		authority: in("ca.crt"), serverCertificate: in("apiserver.crt"), serverKey: in("apiserver.key"),
		serviceAccountKey: in("service-accounts.key"), serviceAccountPub: in("service-accounts.pub"),
		kubeconfig: in("kubeconfig"), nodeKubeconfig: in("node.kubeconfig"),
		kyvernoKubeconfig: in("kyverno.kubeconfig"),
	}
}

// serverNames are those by which the API server is called in any cluster, the
// first address of the service range among them, at which pods find it.
var serverNames = []string{
	"127.0.0.1", "10.96.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
}

// writeCredentials writes to dir what an authority vouches for: an API server
// at an address, which is called by more names than that, an administrator, the
// kubelet of a node, and Kyverno.
func writeCredentials(dir string, authority *pki.Certificate, address string, hosts []string, node string) error {
	c := credentialsIn(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the cluster's folder: %w", err)
	}
	if err := writePrivate(c.authority, authority.PEM()); err != nil {
		return err
	}
	if err := c.writeServer(authority, hosts); err != nil {
		return err
	}
	if err := c.writeServiceAccounts(); err != nil {
		return err
	}
	administrator, err := newAdministrator(authority)
	if err != nil {
		return err
	}
	// The names by which the API server knows a kubelet (its "Node"
	// authorization mode).
	kubelet, err := authority.NewClient("system:node:"+node, "system:nodes")
	if err != nil {
		return err
	}
	if err := writeKubeconfig(c.nodeKubeconfig, "https://"+address, authority, kubelet); err != nil {
		return err
	}
	// Kyverno goes by the name of its service account in a cluster, to which
	// policies can grant what they refuse to others. What an administrator may
	// do it may too, for want of the roles that its chart makes.
	kyverno, err := authority.NewClient(
		"system:serviceaccount:"+KyvernoNamespace+":"+kyvernoAccount, "system:masters")
	if err != nil {
		return err
	}
	if err := writeKubeconfig(c.kyvernoKubeconfig, "https://"+address, authority, kyverno); err != nil {
		return err
	}
	return writeKubeconfig(c.kubeconfig, "https://"+address, authority, administrator)
}

// writeServer writes the certificate of the API server.
func (c credentials) writeServer(authority *pki.Certificate, hosts []string) error {
	server, err := authority.NewServer("kube-apiserver", append(hosts[:len(hosts):len(hosts)], serverNames...)...)
	if err != nil {
		return err
	}
	if err := writePrivate(c.serverCertificate, server.PEM()); err != nil {
		return err
	}
	return writeKey(c.serverKey, server)
}

// writeServiceAccounts writes the key pair of service accounts' tokens.
func (c credentials) writeServiceAccounts() error {
	accounts, err := pki.NewAuthority("service accounts", "EC-256")
	if err != nil {
		return err
	}
	if err := writeKey(c.serviceAccountKey, accounts); err != nil {
		return err
	}
	public, err := accounts.PublicKeyPEM()
	if err != nil {
		return err
	}
	return writePrivate(c.serviceAccountPub, public)
}
