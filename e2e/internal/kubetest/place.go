package kubetest

import (
	"net/url"
	"strings"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// A place is where an object is kept. Without a name it is a list.
type place struct{ resource, namespace, name string }

// placeOf reads the path of a request
// (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris).
func placeOf(path string) place {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	skip := 2 // api/v1
	if parts[0] == "apis" {
		skip = 3
	}
	parts = append(parts[min(skip, len(parts)):], "", "", "", "")
	if parts[0] == "namespaces" && parts[2] != "" {
		return place{resource: parts[2], namespace: parts[1], name: parts[3]}
	}
	return place{resource: parts[0], name: parts[1]}
}

func (p place) group() schema.GroupResource { return schema.GroupResource{Resource: p.resource} }

// kinds are those of the objects of each resource that clients have types for.
var kinds = sync.OnceValue(func() map[string]schema.GroupVersionKind {
	byResource := map[string]schema.GroupVersionKind{}
	groups := []schema.GroupVersion{corev1.SchemeGroupVersion, appsv1.SchemeGroupVersion, batchv1.SchemeGroupVersion}
	for _, group := range groups {
		for kind := range scheme.Scheme.KnownTypes(group) {
			resource, _ := meta.UnsafeGuessKindToResource(group.WithKind(kind))
			byResource[resource.Resource] = group.WithKind(kind)
		}
	}
	return byResource
})

// holds tells whether an object belongs to a list.
func (p place) holds(object place) bool {
	return p.resource == object.resource && (p.namespace == "" || p.namespace == object.namespace)
}

// selected tells whether a request asks for an object.
func selected(query url.Values, object *unstructured.Unstructured) bool {
	byLabel, err := labels.Parse(query.Get("labelSelector"))
	if err != nil || !byLabel.Matches(labels.Set(object.GetLabels())) {
		return false
	}
	byField, err := fields.ParseSelector(query.Get("fieldSelector"))
	if err != nil {
		return false
	}
	for _, wanted := range byField.Requirements() {
		value, _, err := unstructured.NestedString(object.Object, strings.Split(wanted.Field, ".")...)
		if err != nil || value != wanted.Value {
			return false
		}
	}
	return true
}
