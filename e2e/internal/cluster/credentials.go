package cluster

import (
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"container-signing/e2e/internal/node"
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
}

// writeCredentials writes to dir what an authority vouches for: a fresh one,
// unless the options name the folder of another.
func writeCredentials(o Options, address string) (credentials, error) {
	dir := o.Dir
	in := func(name string) string { return filepath.Join(dir, name) }
	c := credentials{
		authority: in("ca.crt"), serverCertificate: in("apiserver.crt"), serverKey: in("apiserver.key"),
		serviceAccountKey: in("service-accounts.key"), serviceAccountPub: in("service-accounts.pub"), kubeconfig: in("kubeconfig"), nodeKubeconfig: in("node.kubeconfig"),
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return c, fmt.Errorf("making the cluster's folder: %w", err)
	}
	authority, err := o.authority()
	if err != nil {
		return c, err
	}
	// The API server's certificate also names the first address of the
	// service range, at which pods find it.
	server, err := authority.NewServer("kube-apiserver", append(o.Hosts, "127.0.0.1", "10.96.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")...)
	if err != nil {
		return c, err
	}
	administrator, err := newAdministrator(authority)
	if err != nil {
		return c, err
	}
	serviceAccounts, err := pki.NewAuthority("service accounts", "EC-256")
	if err != nil {
		return c, err
	}
	if err := writePrivate(c.authority, authority.PEM()); err != nil {
		return c, err
	}
	if err := writePrivate(c.serverCertificate, server.PEM()); err != nil {
		return c, err
	}
	if err := writeKey(c.serverKey, server); err != nil {
		return c, err
	}
	if err := writeKey(c.serviceAccountKey, serviceAccounts); err != nil {
		return c, err
	}
	public, err := serviceAccounts.PublicKeyPEM()
	if err != nil {
		return c, err
	}
	if err := writePrivate(c.serviceAccountPub, public); err != nil {
		return c, err
	}
	// The names by which the API server knows a kubelet (its "Node"
	// authorization mode).
	kubelet, err := authority.NewClient("system:node:"+node.Name, "system:nodes")
	if err != nil {
		return c, err
	}
	if err := writeKubeconfig(c.nodeKubeconfig, "https://"+address, authority, kubelet); err != nil {
		return c, err
	}
	return c, writeKubeconfig(c.kubeconfig, "https://"+address, authority, administrator)
}

func writeKey(path string, certificate *pki.Certificate) error {
	key, err := certificate.KeyPEM()
	if err != nil {
		return err
	}
	return writePrivate(path, key)
}

// writeKubeconfig writes a kubeconfig that holds all it needs, so that it can
// be carried elsewhere.
func writeKubeconfig(path, server string, authority, user *pki.Certificate) error {
	key, err := user.KeyPEM()
	if err != nil {
		return err
	}
	const name = "container-signing"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: authority.PEM()}
	config.AuthInfos[name] = &clientcmdapi.AuthInfo{ClientCertificateData: user.PEM(), ClientKeyData: key}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	config.CurrentContext = name
	encoded, err := clientcmd.Write(*config)
	if err != nil {
		return fmt.Errorf("writing the kubeconfig: %w", err)
	}
	return writePrivate(path, encoded)
}
