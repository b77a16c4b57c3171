package workload

import (
	"errors"
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"

	"container-signing/e2e/internal/manifest"
	"container-signing/internal/hint"
)

// strict decodes into the API's own types and refuses unknown fields.
var strict = json.NewSerializerWithOptions(
	json.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, json.SerializerOptions{Strict: true})

// parse reads the documents of one file.
func parse(content []byte) ([]Document, error) {
	var documents []Document
	for read, err := range manifest.Documents(content) {
		var document Document
		if err == nil {
			document, err = parseDocument(read.JSON)
		}
		if err == nil {
			document.Number = read.Number
			err = document.relate(documents)
		}
		if err == nil {
			err = document.readRequest()
		}
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", read.Number, err)
		}
		documents = append(documents, document)
	}
	if len(documents) == 0 {
		return nil, errors.New("it has no documents")
	}
	return documents, nil
}

// parseDocument reads one document in JSON.
func parseDocument(encoded []byte) (Document, error) {
	var head struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := yaml.Unmarshal(encoded, &head); err != nil || head.Kind == "" || head.APIVersion == "" {
		return Document{}, errors.New("it isn't a manifest: it has no apiVersion and kind")
	}
	kind, known := KindNamed(head.Kind)
	if !known || kind.GroupVersion().String() != head.APIVersion {
		err := fmt.Errorf("unknown kind %s %s", head.APIVersion, head.Kind)
		return Document{}, hint.Add(err, "known are %s", knownKinds())
	}
	if _, _, err := strict.Decode(encoded, nil, nil); err != nil {
		return Document{}, fmt.Errorf("%s: %w", head.Kind, err)
	}
	object := &unstructured.Unstructured{}
	if _, _, err := unstructured.UnstructuredJSONScheme.Decode(encoded, nil, object); err != nil {
		return Document{}, err
	}
	document := Document{Kind: kind, Object: object, Updates: -1}
	return document, document.check()
}

// check refuses what the API server would refuse for reasons that have
// nothing to do with a policy.
func (d Document) check() error {
	if d.Object.GetName() == "" {
		return fmt.Errorf("%s has no metadata.name", d.Kind.Kind)
	}
	all := d.Kind.Containers(d.Object)
	if len(all) == 0 {
		return fmt.Errorf("%s has no containers", d.describe())
	}
	for _, container := range all {
		if container.Name() == "" || container.Image() == "" {
			return fmt.Errorf("%s: each of its %s needs a name and an image", d.describe(), container.List)
		}
	}
	return nil
}

// relate finds the earlier document of the same object.
func (d *Document) relate(earlier []Document) error {
	for i, document := range earlier {
		if document.id() == d.id() {
			d.Updates = i
		}
	}
	_, ephemeral := d.Kind.PodSpec(d.Object)[ephemeralContainers]
	if !ephemeral {
		return nil
	}
	if d.Kind.Kind != "Pod" || d.Updates < 0 {
		err := fmt.Errorf("%s has ephemeralContainers: they can only be added to a pod that is there", d.describe())
		return hint.Add(err, "describe the pod without them in the document before")
	}
	d.AddsEphemeralContainers = true
	if !reflect.DeepEqual(d.specWithoutEphemeralContainers(), earlier[d.Updates].specWithoutEphemeralContainers()) {
		err := fmt.Errorf("%s differs from the document before by more than ephemeralContainers", d.describe())
		return hint.Add(err, "they can only be added by themselves")
	}
	return nil
}

func (d Document) specWithoutEphemeralContainers() map[string]any {
	spec := runtime.DeepCopyJSON(d.Kind.PodSpec(d.Object))
	delete(spec, ephemeralContainers)
	return spec
}

// id tells objects apart.
func (d Document) id() string {
	return fmt.Sprint(d.Kind.GroupKind(), "/", d.Object.GetNamespace(), "/", d.Object.GetName())
}
