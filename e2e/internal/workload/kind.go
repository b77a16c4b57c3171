package workload

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A Kind is one of the kinds that are pods or make pods.
type Kind struct {
	schema.GroupVersionKind
	// Resource is the plural by which the API knows the kind.
	Resource string
	podSpec  []string // where the pod's specification is
}

// kinds are the built-in kinds with a pod's specification inside
// (https://kubernetes.io/docs/concepts/workloads/). Kyverno derives rules for
// the same ones.
var kinds = []Kind{
	kindOf("", "v1", "Pod", "pods", "spec"),
	kindOf("apps", "v1", "Deployment", "deployments", "spec.template.spec"),
	kindOf("apps", "v1", "ReplicaSet", "replicasets", "spec.template.spec"),
	kindOf("apps", "v1", "StatefulSet", "statefulsets", "spec.template.spec"),
	kindOf("apps", "v1", "DaemonSet", "daemonsets", "spec.template.spec"),
	kindOf("batch", "v1", "Job", "jobs", "spec.template.spec"),
	kindOf("batch", "v1", "CronJob", "cronjobs", "spec.jobTemplate.spec.template.spec"),
	kindOf("", "v1", "ReplicationController", "replicationcontrollers", "spec.template.spec"),
}

func kindOf(group, version, kind, resource, podSpec string) Kind {
	return Kind{
		GroupVersionKind: schema.GroupVersionKind{Group: group, Version: version, Kind: kind},
		Resource:         resource, podSpec: strings.Split(podSpec, "."),
	}
}

// KindNamed returns the known kind of that name, such as "Job".
func KindNamed(name string) (Kind, bool) {
	i := slices.IndexFunc(kinds, func(k Kind) bool { return k.Kind == name })
	if i < 0 {
		return Kind{}, false
	}
	return kinds[i], true
}

// knownKinds lists all kinds as a manifest writes them.
func knownKinds() string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.GroupVersion().String() + " " + k.Kind
	}
	return strings.Join(names, ", ")
}

// GroupVersionResource is what the API serves the kind as.
func (k Kind) GroupVersionResource() schema.GroupVersionResource {
	return k.GroupVersion().WithResource(k.Resource)
}

// The lists of containers in a pod's specification.
const (
	containers          = "containers"
	initContainers      = "initContainers"
	ephemeralContainers = "ephemeralContainers"
)

// A Container is a container in an object's pod specification.
type Container struct {
	// List is the field that holds it: containers, initContainers or
	// ephemeralContainers.
	List   string
	fields map[string]any
}

// Name returns the container's name.
func (c Container) Name() string { return text(c.fields, "name") }

// Image returns the container's image as the object names it.
func (c Container) Image() string { return text(c.fields, "image") }

// SetImage changes the object that the container is part of.
func (c Container) SetImage(reference string) { c.fields["image"] = reference }

// Containers returns all containers of object, which is of this kind.
func (k Kind) Containers(object *unstructured.Unstructured) []Container {
	spec := k.PodSpec(object)
	var all []Container
	for _, list := range []string{initContainers, containers, ephemeralContainers} {
		entries, _ := spec[list].([]any)
		for _, entry := range entries {
			if fields, ok := entry.(map[string]any); ok {
				all = append(all, Container{List: list, fields: fields})
			}
		}
	}
	return all
}

// PodSpec returns the pod's specification inside object, which is of this
// kind, and nil if it has none. A change of it changes the object.
func (k Kind) PodSpec(object *unstructured.Unstructured) map[string]any {
	fields := object.Object
	for _, name := range k.podSpec {
		fields, _ = fields[name].(map[string]any)
	}
	return fields
}

// PodMetadata returns the metadata of the pods that are made of object, which is
// of this kind, or of the pod itself; nil if they have none.
func (k Kind) PodMetadata(object *unstructured.Unstructured) map[string]any {
	fields := object.Object
	for _, name := range append(slices.Clone(k.podSpec[:len(k.podSpec)-1]), "metadata") {
		fields, _ = fields[name].(map[string]any)
	}
	return fields
}

// PodSpecPath are the fields that lead to the pod's specification.
func (k Kind) PodSpecPath() []string { return slices.Clone(k.podSpec) }

func text(fields map[string]any, name string) string {
	value, _ := fields[name].(string)
	return value
}
