package judge

import (
	"fmt"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// clients are two views of one cluster.
type clients struct {
	dynamic dynamic.Interface // objects of any kind, as a manifest has them
	typed   kubernetes.Interface
}

func newClients(config *rest.Config) (c clients, err error) {
	if c.dynamic, err = dynamic.NewForConfig(config); err == nil {
		c.typed, err = kubernetes.NewForConfig(config)
	}
	if err != nil {
		return clients{}, fmt.Errorf("making a client of the cluster: %w", err)
	}
	return c, nil
}
