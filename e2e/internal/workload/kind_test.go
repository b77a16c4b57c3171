package workload

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

// TestKinds holds the kinds against those of the API itself: each must be
// there, and its pod's specification where it is said to be.
func TestKinds(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		typed, err := scheme.Scheme.New(kind.GroupVersionKind)
		if err != nil {
			t.Errorf("%s: %v", kind.Kind, err)
			continue
		}
		object := &unstructured.Unstructured{Object: map[string]any{}}
		spec := map[string]any{"hostNetwork": true}
		if err := unstructured.SetNestedMap(object.Object, spec, kind.podSpec...); err != nil {
			t.Fatal(err)
		}
		converter := runtime.DefaultUnstructuredConverter
		if err := converter.FromUnstructuredWithValidation(object.Object, typed, true); err != nil {
			t.Errorf("%s has no pod's specification at %s: %v", kind.Kind, strings.Join(kind.podSpec, "."), err)
		}
		if got := kind.PodSpec(object); got["hostNetwork"] != true {
			t.Errorf("%s: the specification is %v", kind.Kind, got)
		}
		if known, ok := KindNamed(kind.Kind); !ok || known.GroupVersionResource() != kind.GroupVersionResource() {
			t.Errorf("%s is called %v", kind.Kind, known)
		}
		if want := strings.ToLower(kind.Kind) + "s"; kind.GroupVersionResource().Resource != want {
			t.Errorf("%s is served as %s, not %s", kind.Kind, kind.Resource, want)
		}
	}
	for _, name := range []string{"", "pod", "Pods", "Service", "PodTemplate"} {
		if kind, known := KindNamed(name); known {
			t.Errorf("%q is %v", name, kind)
		}
	}
}

// TestContainersOfOddObjects reads what a cluster hands out, which no schema
// has checked.
func TestContainersOfOddObjects(t *testing.T) {
	t.Parallel()
	pod, _ := KindNamed("Pod")
	for name, object := range map[string]map[string]any{
		"nothing":            nil,
		"no map":             {"spec": "none"},
		"null":               {"spec": map[string]any{"containers": nil}},
		"a map for the list": {"spec": map[string]any{"containers": map[string]any{"name": "a"}}},
		"texts in the list":  {"spec": map[string]any{"containers": []any{"a", nil, 5}}},
	} {
		if got := pod.Containers(&unstructured.Unstructured{Object: object}); len(got) > 0 {
			t.Errorf("%s: got %v", name, got)
		}
	}
	object := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{
		"containers": []any{map[string]any{"name": 5, "image": []any{"a"}}, map[string]any{}},
	}}}
	odd := pod.Containers(object)
	if len(odd) != 2 || odd[0].Name() != "" || odd[0].Image() != "" || odd[1].Image() != "" {
		t.Errorf("got %v", odd)
	}
	odd[1].SetImage("x")
	if got := pod.Containers(object)[1].Image(); got != "x" {
		t.Errorf("the object's image is %q", got)
	}
}
