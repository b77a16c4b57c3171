package workload

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// names tells whether a container or a volume of the document has the image.
func (d Document) names(image string) bool {
	return slices.ContainsFunc(d.Kind.Containers(d.Object), func(c Container) bool { return c.Image() == image }) ||
		slices.ContainsFunc(d.Kind.imageVolumes(d.Object), func(source map[string]any) bool {
			return text(source, "reference") == image
		})
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
