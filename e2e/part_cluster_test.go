package main_test

import (
	"context"
	"net"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"container-signing/e2e/internal/cluster"
)

// A clusterPart is a run of `e2e cluster`.
type clusterPart struct {
	*session
	address    string // URL of the API server
	kubeconfig string // which calls the API server by another name
}

// startCluster starts a cluster that is called by a name that nothing resolves.
func (s *stage) startCluster(name string) *clusterPart {
	s.t.Helper()
	c := s.prepareCluster(name)
	c.start()
	return c
}

// prepareCluster prepares such a cluster with more flags.
func (s *stage) prepareCluster(name string, flags ...string) *clusterPart {
	s.t.Helper()
	listen := freeAddress(s.t)
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		s.t.Fatal(err)
	}
	s.do("credentials", "--output", s.in("credentials"), "--server", "https://"+name+":"+port)
	c := &clusterPart{
		session: s.part(append([]string{"cluster", "--credentials", s.in("credentials"), "--listen", listen, "--host", name}, flags...)),
		address: "https://" + listen, kubeconfig: s.in("credentials/kubeconfig"),
	}
	c.listens = []string{listen}
	return c
}

// invalidPolicy has two rules of one name, which Kyverno refuses and the API
// server alone does not.
const invalidPolicy = `apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata: {name: invalid}
spec:
  rules:
  - &rule
    name: same
    match: {any: [{resources: {kinds: [Pod]}}]}
    validate: {message: none, pattern: {metadata: {name: "?*"}}}
  - *rule
`

// clusterReady is what the cluster prints once its port is open.
const clusterReady = "the cluster is ready at "

// checkClosed checks after a step of the cluster that its port isn't open
// before it is ready, which it may have become since.
func (c *clusterPart) checkClosed(step string) {
	c.t.Helper()
	c.awaitLine(step)
	connection, err := net.Dial("tcp", c.listens[0])
	if err == nil && !strings.Contains(c.text("stdout"), clusterReady) {
		c.t.Errorf("the port is open while Kyverno isn't ready")
	}
	if err == nil {
		_ = connection.Close() // nothing was sent
	}
}

// checkOpening checks that the first request after the port has opened is
// answered by Kyverno.
func (c *clusterPart) checkOpening() {
	c.t.Helper()
	c.checkClosed("create Kyverno's resource definitions")
	c.awaitLine(clusterReady + c.listens[0])
	var policy unstructured.Unstructured
	if err := yaml.Unmarshal([]byte(invalidPolicy), &policy.Object); err != nil {
		c.t.Fatal(err)
	}
	_, err := c.client().Resource(schema.GroupVersionResource{Group: "kyverno.io", Version: "v1", Resource: "clusterpolicies"}).
		Create(c.t.Context(), &policy, metav1.CreateOptions{})
	if err == nil || !strings.Contains(err.Error(), `"validate-policy.kyverno.svc" denied the request`) {
		c.t.Errorf("Kyverno hasn't refused an invalid policy, but: %v", err)
	}
}

func (c *clusterPart) client() dynamic.Interface {
	c.t.Helper()
	existing, err := cluster.Existing(c.kubeconfig, c.address)
	if err != nil {
		c.t.Fatal(err)
	}
	client, err := dynamic.NewForConfig(existing.Config)
	if err != nil {
		c.t.Fatal(err)
	}
	return client
}

var namespaces = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}

// namespaces returns the names of all namespaces.
func (c *clusterPart) namespaces() map[string]bool {
	c.t.Helper()
	list, err := c.client().Resource(namespaces).List(c.t.Context(), metav1.ListOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	names := map[string]bool{}
	for _, namespace := range list.Items {
		names[namespace.GetName()] = true
	}
	return names
}

// checkLeft checks that there will be no namespaces but those, and no
// workloads. Their deletion goes on in the cluster.
func (c *clusterPart) checkLeft(before map[string]bool) {
	c.t.Helper()
	c.awaitNone(namespaces, func(namespace *unstructured.Unstructured) bool { return before[namespace.GetName()] })
	for group, resources := range map[string][]string{
		"": {"pods", "replicationcontrollers"}, "apps": {"deployments", "replicasets", "daemonsets", "statefulsets"}, "batch": {"jobs", "cronjobs"},
	} {
		for _, resource := range resources {
			c.awaitNone(schema.GroupVersionResource{Group: group, Version: "v1", Resource: resource}, nil)
		}
	}
}

// awaitNone waits until there are no objects of a resource but those that may
// stay.
func (c *clusterPart) awaitNone(resource schema.GroupVersionResource, stays func(*unstructured.Unstructured) bool) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), goneWithin)
	defer cancel()
	client := c.client().Resource(resource)
	list, err := client.List(ctx, metav1.ListOptions{})
	if err != nil {
		c.t.Fatal(err)
	}
	left := map[string]bool{}
	for _, object := range list.Items {
		if stays == nil || !stays(&object) {
			left[object.GetNamespace()+"/"+object.GetName()] = true
		}
	}
	changes, err := client.Watch(ctx, metav1.ListOptions{ResourceVersion: list.GetResourceVersion()})
	if err != nil {
		c.t.Fatal(err)
	}
	defer changes.Stop()
	for len(left) > 0 {
		event, open := <-changes.ResultChan()
		object, ok := event.Object.(*unstructured.Unstructured)
		if !open || !ok {
			c.t.Errorf("of %s have stayed behind: %v", resource.Resource, left)
			return
		}
		name := object.GetNamespace() + "/" + object.GetName()
		if event.Type == watch.Deleted {
			delete(left, name)
		} else if stays == nil || !stays(object) {
			left[name] = true
		}
	}
}
