package cluster

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/process"
)

var roleBindings = schema.GroupVersionResource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "rolebindings"}

// startControllers starts the controllers that make pods out of Deployments,
// Jobs and the like, and the scheduler, once the API server is ready for them.
func (c *Cluster) startControllers(ctx context.Context) error {
	if err := c.awaitHooks(ctx); err != nil {
		return c.apiServer.Explain(err)
	}
	for _, command := range []process.Command{
		{
			Name: "kube-controller-manager", Path: c.programs["kube-controller-manager"], Env: fewerCollections,
			Args: []string{
				"--kubeconfig=" + c.Kubeconfig, "--leader-elect=false", "--secure-port=0",
				"--service-account-private-key-file=" + c.files.serviceAccountKey,
				"--root-ca-file=" + c.files.authority,
				"--kube-api-qps=500", "--kube-api-burst=500",
			},
		},
		{
			Name: "kube-scheduler", Path: c.programs["kube-scheduler"], Env: fewerCollections,
			Args: []string{"--kubeconfig=" + c.Kubeconfig, "--leader-elect=false", "--secure-port=0"},
		},
	} {
		if _, err := c.processes.Start(command); err != nil {
			return err
		}
	}
	return nil
}

// awaitHooks returns when the API server has run all that it runs after it
// has begun to serve: the controller manager asks for that once a second, and
// gives up after ten. The last thing to be run is the creation of the default
// roles and their bindings, the one in kube-public among the last of these;
// that all is done the API server tells by its answer to /readyz alone.
func (c *Cluster) awaitHooks(ctx context.Context) error {
	err := await.Objects(ctx, c.Config, roleBindings, 1, func(binding *unstructured.Unstructured) bool {
		return binding.GetNamespace() == metav1.NamespacePublic
	})
	if err != nil {
		return err
	}
	client, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	return await.Answer(ctx, "kube-apiserver is ready", func(ctx context.Context) error {
		return client.Discovery().RESTClient().Get().AbsPath("/readyz").MaxRetries(0).Do(ctx).Error()
	})
}
