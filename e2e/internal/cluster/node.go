package cluster

import (
	"context"
	"net/url"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/node"
)

var nodes = schema.GroupVersionResource{Version: "v1", Resource: "nodes"}

// StartNode adds a node to the cluster and returns when it is ready for pods.
// Of the configuration it fills in what concerns the cluster.
func (c *Cluster) StartNode(ctx context.Context, configuration node.Configuration) error {
	server, err := url.Parse(c.Config.Host)
	if err != nil {
		return err
	}
	configuration.Membership = node.Membership{
		Kubeconfig: c.files.nodeKubeconfig, APIServer: server.Host, CertificateAuthority: c.files.authority,
	}
	started, err := node.Start(c.processes, configuration)
	if err != nil {
		return err
	}
	if err := started.WaitReady(ctx); err != nil {
		return err
	}
	if err := await.Objects(ctx, c.Config, nodes, 1, isReady); err != nil {
		return started.Explain(err)
	}
	return nil
}

// isReady tells whether an object has the condition Ready.
func isReady(object *unstructured.Unstructured) bool { return hasCondition(object, "Ready") }
