package cluster

import (
	"context"
	"fmt"
	"net/url"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"

	"container-signing/internal/hint"
)

// Existing connects to a cluster that runs already, with a Kyverno of its own.
// If server is given, the API server is reached there instead of where the
// kubeconfig says, and has to prove that it is the one of the kubeconfig.
func Existing(kubeconfig, server string) (*Cluster, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig %q: %w", kubeconfig, err)
	}
	if server != "" {
		told, err := url.Parse(config.Host)
		if err != nil {
			return nil, fmt.Errorf("reading the kubeconfig %q: %w", kubeconfig, err)
		}
		if config.TLSClientConfig.ServerName == "" {
			config.TLSClientConfig.ServerName = told.Hostname()
		}
		config.Host = server
	}
	config.QPS = -1
	return &Cluster{Kubeconfig: kubeconfig, Config: config}, nil
}

// Reach makes sure that the API server answers, that it is the one of the
// kubeconfig, and that it knows the kubeconfig's user.
func (c *Cluster) Reach(ctx context.Context) error {
	client, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	if err := client.Discovery().RESTClient().Get().AbsPath("/api").MaxRetries(0).Do(ctx).Error(); err != nil {
		err = fmt.Errorf("reaching the API server of the kubeconfig %q at %s: %w", c.Kubeconfig, c.Config.Host, err)
		return hint.Add(err, "the cluster has to be ready, and the kubeconfig its own")
	}
	return nil
}
