package workload

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Images lists what the documents of the workload have as images, in containers
// and in volumes.
func (w Workload) Images() []string {
	var all []string
	for _, document := range w.Documents {
		all = append(all, document.images()...)
	}
	return all
}

// names tells whether a container or a volume of the document has the image.
func (d Document) names(image string) bool { return slices.Contains(d.images(), image) }

func (d Document) images() []string {
	var all []string
	for _, container := range d.Kind.Containers(d.Object) {
		all = append(all, container.Image())
	}
	for _, source := range d.Kind.imageVolumes(d.Object) {
		all = append(all, text(source, "reference"))
	}
	return all
}

// imageVolumes returns the sources of those volumes of object, which is of this
// kind, that are images. A change of one changes the object.
func (k Kind) imageVolumes(object *unstructured.Unstructured) []map[string]any {
	volumes, _ := k.PodSpec(object)["volumes"].([]any)
	var sources []map[string]any
	for _, volume := range volumes {
		fields, _ := volume.(map[string]any)
		if source, ok := fields["image"].(map[string]any); ok {
			sources = append(sources, source)
		}
	}
	return sources
}
