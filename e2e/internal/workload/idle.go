package workload

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Idle returns a copy of the workload in which nothing starts: no controller
// makes pods, and no scheduler takes one.
func (w Workload) Idle() Workload {
	documents := make([]Document, len(w.Documents))
	for i, document := range w.Documents {
		document.Object = document.Object.DeepCopy()
		document.Kind.idle(document.Object)
		documents[i] = document
	}
	w.Documents = documents
	return w
}

// idle keeps an object, which is of this kind, from starting anything.
func (k Kind) idle(object *unstructured.Unstructured) {
	spec, _ := object.Object["spec"].(map[string]any)
	switch k.Kind {
	case "Pod":
		if spec["nodeName"] == nil { // with a node it can't wait for one, and isn't created for real
			spec["schedulingGates"] = []any{map[string]any{"name": AnnotationPrefix + "idle"}}
		}
	case "DaemonSet":
		k.PodSpec(object)["nodeSelector"] = map[string]any{AnnotationPrefix + "idle": "nowhere"}
	case "Job", "CronJob":
		spec["suspend"] = true
	default:
		spec["replicas"] = int64(0)
	}
}
