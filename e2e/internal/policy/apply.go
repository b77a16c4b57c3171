// Package policy applies the policies of a folder to a cluster, and tells
// when the cluster enforces them.
package policy

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
)

// The ConfigMap from which the policies take the CA to trust.
const (
	TrustNamespace = "kyverno"
	TrustName      = "notation-ca"
	TrustKey       = "ca.crt"
)

// groups are the API groups whose objects count as policies.
var groups = []string{"policies.kyverno.io", "kyverno.io", "admissionregistration.k8s.io"}

// Load reads the policies in the YAML files of a folder, sorted by file. An
// error names the file and the document.
func Load(folder string) ([]*unstructured.Unstructured, error) {
	var files []string
	for _, pattern := range []string{"*.yaml", "*.yml"} {
		found, err := filepath.Glob(filepath.Join(folder, pattern))
		if err != nil {
			return nil, fmt.Errorf("reading policies from %q: %w", folder, err)
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	var policies []*unstructured.Unstructured
	for _, file := range files {
		read, err := loadFile(file)
		if err != nil {
			return nil, err
		}
		policies = append(policies, read...)
	}
	if len(policies) == 0 {
		return nil, fmt.Errorf("reading policies from %q: it has none; put them into *.yaml", folder)
	}
	return policies, nil
}

func loadFile(file string) ([]*unstructured.Unstructured, error) {
	opened, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading a policy: %w", err)
	}
	defer opened.Close()
	var policies []*unstructured.Unstructured
	documents := yaml.NewYAMLOrJSONDecoder(opened, 4096)
	for number := 1; ; number++ {
		object := &unstructured.Unstructured{}
		err := documents.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			return policies, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading policy %q, document %d: %w", file, number, err)
		}
		if len(object.Object) == 0 {
			continue // nothing but comments
		}
		if err := check(object); err != nil {
			return nil, fmt.Errorf("reading policy %q, document %d: %w", file, number, err)
		}
		policies = append(policies, object)
	}
}

func check(object *unstructured.Unstructured) error {
	if group := object.GroupVersionKind().Group; !slices.Contains(groups, group) {
		return fmt.Errorf("%s %q is no policy: its API group is %q, and policies are of %s",
			object.GetKind(), object.GetName(), group, strings.Join(groups, ", "))
	}
	if object.GetName() == "" {
		return fmt.Errorf("the %s has no name: give it one in metadata.name", object.GetKind())
	}
	return nil
}

// fieldManager is under what name policies are applied.
const fieldManager = "container-signing"

// Trust makes the CA in PEM the one that the policies trust. Another one is
// never replaced: policies may be in force that trust it.
func Trust(ctx context.Context, config *rest.Config, ca []byte) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	maps := client.CoreV1().ConfigMaps(TrustNamespace)
	trust := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: TrustName},
		Data:       map[string]string{TrustKey: string(ca)},
	}
	_, err = maps.Create(ctx, trust, metav1.CreateOptions{FieldManager: fieldManager})
	if apierrors.IsAlreadyExists(err) {
		present, getting := maps.Get(ctx, TrustName, metav1.GetOptions{})
		switch {
		case getting != nil:
			err = getting
		case present.Data[TrustKey] == string(ca):
			return nil
		default:
			err = fmt.Errorf("it is there already, with another CA; give that one, or delete the ConfigMap, after the policies that trust it")
		}
	}
	if err != nil {
		return fmt.Errorf("creating ConfigMap %s/%s with the CA: %w", TrustNamespace, TrustName, err)
	}
	return nil
}

// Apply applies the policies, instead of those that have their names, and
// returns when Kyverno says that they are ready. An error holds what the
// cluster, or Kyverno's own check of policies, says against one.
func Apply(ctx context.Context, config *rest.Config, policies []*unstructured.Unstructured) error {
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	mapper, err := newMapper(config)
	if err != nil {
		return err
	}
	var resources []schema.GroupVersionResource
	for _, policy := range policies {
		kind := policy.GroupVersionKind()
		mapping, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
		if err != nil {
			return fmt.Errorf("applying %s %q: %w", kind.Kind, policy.GetName(), err)
		}
		var resource dynamic.ResourceInterface = client.Resource(mapping.Resource)
		if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
			resource = client.Resource(mapping.Resource).Namespace(policy.GetNamespace())
		}
		options := metav1.ApplyOptions{FieldManager: fieldManager, Force: true}
		if _, err := resource.Apply(ctx, policy.GetName(), policy, options); err != nil {
			return fmt.Errorf("applying %s %q: %w", kind.Kind, policy.GetName(), err)
		}
		resources = append(resources, mapping.Resource)
	}
	for i, policy := range policies {
		if err := awaitReady(ctx, config, resources[i], policy); err != nil {
			return err
		}
	}
	return nil
}

func newMapper(config *rest.Config) (meta.RESTMapper, error) {
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("making a client: %w", err)
	}
	return restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client)), nil
}
