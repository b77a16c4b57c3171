package workload

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Childless returns a copy of the workload in which no controller makes pods.
func (w Workload) Childless() Workload { return w.changed(Kind.childless) }

// Idle returns a copy of the workload in which nothing starts: no controller
// makes pods, and no scheduler takes one.
func (w Workload) Idle() Workload {
	return w.changed(func(kind Kind, object *unstructured.Unstructured) {
		if kind.Kind == "Pod" {
			wait(object)
			return
		}
		kind.childless(object)
	})
}

// changed returns a copy of the workload in which each object is changed.
func (w Workload) changed(change func(Kind, *unstructured.Unstructured)) Workload {
	documents := make([]Document, len(w.Documents))
	for i, document := range w.Documents {
		document.Object = document.Object.DeepCopy()
		change(document.Kind, document.Object)
		documents[i] = document
	}
	w.Documents = documents
	return w
}

// wait has a pod wait for somebody to take its gate away. One that names its node
// can't wait, and isn't created.
func wait(pod *unstructured.Unstructured) {
	spec, _ := pod.Object["spec"].(map[string]any)
	if spec["nodeName"] == nil {
		spec["schedulingGates"] = []any{map[string]any{"name": AnnotationPrefix + "idle"}}
	}
}

// childless keeps a controller from making pods of an object, which is of this
// kind.
func (k Kind) childless(object *unstructured.Unstructured) {
	spec, _ := object.Object["spec"].(map[string]any)
	switch k.Kind {
	case "Pod":
	case "DaemonSet":
		k.PodSpec(object)["nodeSelector"] = map[string]any{AnnotationPrefix + "idle": "nowhere"}
	case "Job", "CronJob":
		spec["suspend"] = true
	default:
		spec["replicas"] = int64(0)
	}
}
