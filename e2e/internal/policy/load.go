package policy

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"

	"container-signing/e2e/internal/manifest"
	"container-signing/internal/hint"
)

// groups are the API groups whose objects count as policies.
var groups = []string{"policies.kyverno.io", "kyverno.io", "admissionregistration.k8s.io"}

// Load reads the policies in the YAML and JSON files of a folder, sorted by file. An
// error names the file and the document.
func Load(folder string) ([]*unstructured.Unstructured, error) {
	files, err := filesIn(folder)
	if err != nil {
		return nil, err
	}
	var policies []*unstructured.Unstructured
	places := map[string]string{}
	for _, file := range files {
		read, err := loadFile(file, places)
		if err != nil {
			return nil, err
		}
		policies = append(policies, read...)
	}
	if len(policies) == 0 {
		return nil, hint.Add(fmt.Errorf("reading policies from %q: it has none", folder), "put them into *.yaml")
	}
	return policies, nil
}

// filesIn lists the files of a folder that `kubectl apply` takes, but not those below it.
func filesIn(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, hint.Add(fmt.Errorf("reading policies: %w", err), "name a folder of policies")
	}
	var files []string
	for _, entry := range entries {
		if slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(entry.Name())) {
			files = append(files, filepath.Join(folder, entry.Name()))
		}
	}
	return files, nil
}

// loadFile reads the policies of a file. The places where policies were found
// are by their identities: of two with the same one the second would take the
// place of the first in the cluster.
func loadFile(file string, places map[string]string) ([]*unstructured.Unstructured, error) {
	content, err := manifest.Read(file)
	if err != nil {
		return nil, fmt.Errorf("reading policy %q: %w", file, err)
	}
	var policies []*unstructured.Unstructured
	for document, err := range manifest.Documents(content) {
		object := &unstructured.Unstructured{}
		if err == nil {
			err = decode(document.JSON, object)
		}
		if err == nil {
			err = occupy(places, object, fmt.Sprintf("document %d of %q", document.Number, file))
		}
		if err != nil {
			return nil, fmt.Errorf("reading policy %q, document %d: %w", file, document.Number, err)
		}
		policies = append(policies, object)
	}
	return policies, nil
}

func decode(encoded []byte, object *unstructured.Unstructured) error {
	if err := json.Unmarshal(encoded, &object.Object); err != nil {
		return errors.New("it isn't a manifest: it has no apiVersion and kind")
	}
	if group := object.GroupVersionKind().Group; !slices.Contains(groups, group) {
		return fmt.Errorf("%s %q is no policy: its API group is %q, and policies are of %s",
			object.GetKind(), object.GetName(), group, strings.Join(groups, ", "))
	}
	if object.GetName() == "" {
		return hint.Add(fmt.Errorf("the %s has no name", object.GetKind()), "give it one in metadata.name")
	}
	return nil
}

// occupy notes where a policy is, unless there is another of its name.
func occupy(places map[string]string, object *unstructured.Unstructured, place string) error {
	id := fmt.Sprint(object.GroupVersionKind().GroupKind(), "/", object.GetNamespace(), "/", object.GetName())
	if first, taken := places[id]; taken {
		err := fmt.Errorf("%s %q is in %s too", object.GetKind(), object.GetName(), first)
		return hint.Add(err, "name them differently")
	}
	places[id] = place
	return nil
}
