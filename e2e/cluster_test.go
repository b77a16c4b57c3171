package main_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"sigs.k8s.io/yaml"

	"container-signing/e2e/internal/cluster"
	"container-signing/e2e/internal/readiness"
)

// A clusterCommand is a run of `e2e cluster`.
type clusterCommand struct {
	*session
	address    string // URL of the API server
	readyz     string // URL that is answered when it is ready
	kubeconfig string // which calls the API server by another name
}

// startCluster starts a cluster that is called by a name that nothing resolves.
func (s *stage) startCluster(name string) *clusterCommand {
	s.t.Helper()
	c := s.prepareCluster(name)
	c.start()
	return c
}

// prepareCluster prepares such a cluster with more flags.
func (s *stage) prepareCluster(name string, flags ...string) *clusterCommand {
	s.t.Helper()
	listen := freeAddress(s.t)
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		s.t.Fatal(err)
	}
	readyz := freeAddress(s.t)
	s.do("credentials", "--output", s.in("credentials"), "--server", "https://"+name+":"+port)
	c := &clusterCommand{
		session: s.command(append([]string{"cluster", "--credentials", s.in("credentials"), "--listen", listen,
			"--readyz", readyz, "--host", name}, flags...)),
		address: "https://" + listen, readyz: "http://" + readyz + readiness.Path,
		kubeconfig: s.in("credentials/kubeconfig"),
	}
	c.listens = []string{listen, readyz}
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
func (c *clusterCommand) checkClosed(step string) {
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
func (c *clusterCommand) checkOpening() {
	c.t.Helper()
	c.checkClosed("create Kyverno's resource definitions")
	c.awaitLine(clusterReady + c.listens[0])
	var policy unstructured.Unstructured
	if err := yaml.Unmarshal([]byte(invalidPolicy), &policy.Object); err != nil {
		c.t.Fatal(err)
	}
	_, err := c.client().Resource(schema.GroupVersionResource{Group: "kyverno.io", Version: "v1",
		Resource: "clusterpolicies"}).
		Create(c.t.Context(), &policy, metav1.CreateOptions{})
	if err == nil || !strings.Contains(err.Error(), `"validate-policy.kyverno.svc" denied the request`) {
		c.t.Errorf("Kyverno hasn't refused an invalid policy, but: %v", err)
	}
}

// ask asks whether the cluster is ready, and returns once it has been heard:
// with a first request, whose answer has come, and the second right after it.
func (c *clusterCommand) ask() (answer func() (status int, words string)) {
	c.t.Helper()
	connection, err := net.Dial("tcp", c.listens[1])
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = connection.Close() })
	if _, err := io.WriteString(connection,
		"HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET "+readiness.Path+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		c.t.Fatal(err)
	}
	from := bufio.NewReader(connection)
	read := func(method string) (int, string) {
		response, err := http.ReadResponse(from, &http.Request{Method: method})
		if err != nil {
			return 0, err.Error()
		}
		words, err := io.ReadAll(response.Body)
		if err != nil {
			return 0, err.Error()
		}
		return response.StatusCode, string(words)
	}
	if status, words := read(http.MethodHead); status != http.StatusNotFound {
		c.t.Fatalf("asking for what isn't there: %d %s", status, words)
	}
	return func() (int, string) { return read(http.MethodGet) }
}

func (c *clusterCommand) client() dynamic.Interface {
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

// checkLeft checks that there will be no namespaces but those of a fresh
// cluster with Kyverno, and no workloads. Their deletion goes on in the cluster.
func (c *clusterCommand) checkLeft() {
	c.t.Helper()
	fresh := []string{"default", "kube-node-lease", "kube-public", "kube-system", cluster.KyvernoNamespace}
	c.awaitNone(namespaces,
		func(namespace *unstructured.Unstructured) bool { return slices.Contains(fresh, namespace.GetName()) })
	for group, resources := range map[string][]string{
		"": {"pods", "replicationcontrollers"}, "apps": {"deployments", "replicasets", "daemonsets", "statefulsets"},
		"batch": {"jobs", "cronjobs"},
	} {
		for _, resource := range resources {
			c.awaitNone(schema.GroupVersionResource{Group: group, Version: "v1", Resource: resource}, nil)
		}
	}
}

// awaitNone waits until there are no objects of a resource but those that may
// stay.
func (c *clusterCommand) awaitNone(resource schema.GroupVersionResource, stays func(*unstructured.Unstructured) bool) {
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
