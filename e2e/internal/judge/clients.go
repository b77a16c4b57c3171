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
	config  *rest.Config
}

func newClients(config *rest.Config) (c clients, err error) {
	c.config = config
	if c.dynamic, err = dynamic.NewForConfig(config); err == nil {
		c.typed, err = kubernetes.NewForConfig(config)
	}
	if err != nil {
		return clients{}, fmt.Errorf("making a client of the cluster: %w", err)
	}
	return c, nil
}

// administrators is the group of those who may do everything.
const administrators = "system:masters"

// as is a client of a user who has the rights of an administrator: it is the name
// that a policy might excuse. Without a name it is that of the clients.
func (c clients) as(user string) (dynamic.Interface, error) {
	if user == "" {
		return c.dynamic, nil
	}
	config := rest.CopyConfig(c.config)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{administrators}}
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client of the cluster for user %q: %w", user, err)
	}
	return client, nil
}
