package workload

import (
	"slices"
	"strings"
	"testing"
)

// everyKind describes one object of each kind, with an image in each list of
// containers that the kind takes.
var everyKind = map[string]string{
	"Pod":         "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: POD",
	"Deployment":  "apiVersion: apps/v1\nkind: Deployment\n" + selecting,
	"ReplicaSet":  "apiVersion: apps/v1\nkind: ReplicaSet\n" + selecting,
	"StatefulSet": "apiVersion: apps/v1\nkind: StatefulSet\n" + selecting,
	"DaemonSet":   "apiVersion: apps/v1\nkind: DaemonSet\n" + selecting,
	"Job":         "apiVersion: batch/v1\nkind: Job\nmetadata: {name: x}\nspec: {template: {spec: POD}}",
	"ReplicationController": "apiVersion: v1\nkind: ReplicationController\n" +
		"metadata: {name: x}\nspec: {template: {spec: POD}}",
	"CronJob": "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: x}\n" +
		"spec: {schedule: '@yearly', jobTemplate: {spec: {template: {spec: POD}}}}",
}

const selecting = "metadata: {name: x}\nspec: {selector: {}, template: {spec: POD}}"

const podSpec = `{"initContainers": [{"name": "a", "image": "signed"}],
  "containers": [{"name": "b", "image": "signed-too"}, {"name": "c", "image": "signed:v1"}]}`

func imagesOf(document Document) []string {
	var images []string
	for _, container := range document.Kind.Containers(document.Object) {
		images = append(images, container.List+" "+container.Name()+" "+container.Image())
	}
	return images
}

func TestWithImages(t *testing.T) {
	t.Parallel()
	if len(everyKind) != len(kinds) {
		t.Fatalf("%d kinds are tested, %d are known", len(everyKind), len(kinds))
	}
	for kind, manifest := range everyKind {
		t.Run(kind, func(t *testing.T) {
			documents, err := parse([]byte(strings.Replace(manifest, "POD", podSpec, 1)))
			if err != nil {
				t.Fatal(err)
			}
			original := Workload{Documents: documents}
			replaced := original.WithImages(map[string]string{"signed": "host:5001/repo:tag", "signed-too": "signed"})
			want := []string{"initContainers a host:5001/repo:tag", "containers b signed", "containers c signed:v1"}
			if got := imagesOf(replaced.Last()); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
			want = []string{"initContainers a signed", "containers b signed-too", "containers c signed:v1"}
			if got := imagesOf(original.Last()); !slices.Equal(got, want) {
				t.Errorf("the original became %q", got)
			}
		})
	}
}

func TestWithImagesOfEphemeralContainers(t *testing.T) {
	t.Parallel()
	documents, err := parse([]byte(goodPod + "---\n" + withDebugger))
	if err != nil {
		t.Fatal(err)
	}
	replaced := Workload{Documents: documents}.WithImages(map[string]string{"signed": "x"})
	want := []string{"containers main x", "ephemeralContainers debug x"}
	if got := imagesOf(replaced.Last()); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestWithImagesOfVolumes replaces what is the image of a volume, and leaves
// volumes alone that are none.
func TestWithImagesOfVolumes(t *testing.T) {
	t.Parallel()
	const volumes = `{"containers": [{"name": "a", "image": "unsigned"}], "volumes": [
		{"name": "signed", "emptyDir": {}}, {"name": "b", "image": {"reference": "signed"}},
		{"name": "c", "image": {"reference": "signed-too"}}, {"name": "d", "image": {}}]}`
	for kind, manifest := range everyKind {
		documents, err := parse([]byte(strings.Replace(manifest, "POD", volumes, 1)))
		if err != nil {
			t.Fatal(err)
		}
		original := Workload{Documents: documents}
		replaced := original.WithImages(map[string]string{"signed": "host:5001/repo:tag"})
		for workload, want := range map[*Workload][]string{
			&original: {"signed", "signed-too", ""}, &replaced: {"host:5001/repo:tag", "signed-too", ""},
		} {
			var got []string
			for _, source := range workload.Last().Kind.imageVolumes(workload.Last().Object) {
				got = append(got, text(source, "reference"))
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", kind, got, want)
			}
		}
	}
}

// FuzzParse looks for a file that makes the parser panic, or that it takes
// though the rest of the program can't do with it.
func FuzzParse(f *testing.F) {
	f.Add([]byte(goodPod + "---\n" + withDebugger))
	f.Add([]byte(refusedPod))
	for _, manifest := range everyKind {
		f.Add([]byte(strings.Replace(manifest, "POD", podSpec, 1)))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		documents, err := parse(content)
		if err != nil {
			return
		}
		if len(documents) == 0 {
			t.Fatal("neither documents nor an error")
		}
		for i, document := range documents {
			if document.Updates >= i || len(imagesOf(document)) == 0 || document.Object.GetName() == "" {
				t.Fatalf("document %d: %+v", i, document)
			}
		}
		// Either outcome is fine; it must not panic.
		_, _ = expectation(documents, true)
		_ = Workload{Documents: documents}.WithImages(map[string]string{"signed": "x"})
	})
}
