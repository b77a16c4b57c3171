package cluster

import (
	"fmt"
	"os"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"container-signing/internal/pki"
)

// writePrivate writes a file that only this user can read.
func writePrivate(path string, content []byte) error {
	if err := os.WriteFile(path, content, 0o600); err != nil {
		return fmt.Errorf("writing the cluster's credentials: %w", err)
	}
	return nil
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
