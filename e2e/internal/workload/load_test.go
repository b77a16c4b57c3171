package workload

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"container-signing/e2e/internal/manifest"
	"container-signing/internal/hint"
)

const (
	goodPod = `apiVersion: v1
kind: Pod
metadata:
  name: good
spec:
  containers:
    - name: main
      image: signed
`
	refusedPod = `apiVersion: v1
kind: Pod
metadata:
  name: bad
  annotations:
    container-signing/refused-by: require-notation
    container-signing/because: no signature
    container-signing/refused-image: unsigned
spec:
  containers:
    - name: main
      image: unsigned
`
	withDebugger = goodPod + `  ephemeralContainers:
    - name: debug
      image: signed
`
)

// write makes a folder of files.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// replace changes the first occurrence, which has to be there.
func replace(t *testing.T, text, from, to string) string {
	t.Helper()
	if !strings.Contains(text, from) {
		t.Fatalf("%q isn't in %q", from, text)
	}
	return strings.Replace(text, from, to, 1)
}

func TestLoad(t *testing.T) {
	t.Parallel()
	workloads, err := Load(write(t, map[string]string{
		"admit/pod.yaml": "# a comment\n---\n" + goodPod + "---\n# nothing\n---\n" +
			replace(t, goodPod, "image: signed", "image: signed-too"),
		"admit/more/debug.yml": replace(t, goodPod, "good", "debugged") + "---\n" +
			replace(t, withDebugger, "good", "debugged"),
		"deny/pod.yaml":          refusedPod,
		"README.md":              "not a manifest",
		"admit/.pod.yaml.swp":    "\x00",
		".hidden/folder/what.sh": "",
	}))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, w := range workloads {
		names = append(names, w.Name)
	}
	if got, want := strings.Join(names, " "), "admit/more/debug admit/pod deny/pod"; got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	debug, update, refused := workloads[0], workloads[1], workloads[2]
	if len(update.Documents) != 2 || update.Documents[0].Updates != -1 ||
		update.Documents[1].Updates != 0 || update.Documents[1].Number != 2 {
		t.Errorf("documents of an update: %+v", update.Documents)
	}
	if update.Refusal != nil || update.Last().AddsEphemeralContainers {
		t.Errorf("an update that must be admitted: %+v", update)
	}
	if !debug.Last().AddsEphemeralContainers {
		t.Error("the ephemeral container wasn't seen")
	}
	if r := refused.Refusal; r == nil || r.Policy != "require-notation" || r.Image != "unsigned" ||
		!r.Because.MatchString("there is no signature") {
		t.Errorf("refusal: %+v", r)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		files map[string]string
		says  []string
	}{
		"no manifests": {
			map[string]string{"README.md": ""},
			[]string{"has no manifests", "admit/*.yaml", "deny/*.yaml"},
		},
		"empty file": {map[string]string{"admit/a.yaml": ""}, []string{"admit/a.yaml", "no documents"}},
		"comments alone": {
			map[string]string{"admit/a.yaml": "# nothing\n---\n# nothing\n"},
			[]string{"no documents"},
		},
		"not YAML": {map[string]string{"admit/a.yaml": "a: b: c"}, []string{"document 1", "isn't YAML"}},
		"a scalar": {map[string]string{"admit/a.yaml": "hello"}, []string{"document 1", "isn't a manifest"}},
		"a list":   {map[string]string{"admit/a.yaml": "- hello"}, []string{"isn't a manifest"}},
		"binary":   {map[string]string{"admit/a.yaml": "\x7fELF\x00\x01"}, []string{"document 1"}},
		"no kind":  {map[string]string{"admit/a.yaml": "apiVersion: v1"}, []string{"isn't a manifest"}},
		"duplicate key": {
			map[string]string{"admit/a.yaml": goodPod + "kind: Pod\n"},
			[]string{"isn't YAML", `key "kind" already set`},
		},
		"second document": {
			map[string]string{"admit/a.yaml": goodPod + "---\nkind: [\n"},
			[]string{"document 2"},
		},
		"unknown kind": {
			map[string]string{"admit/a.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: x}"},
			[]string{"unknown kind v1 Service", "v1 Pod, apps/v1 Deployment", "batch/v1 CronJob"},
		},
		"kind in lower case": {
			map[string]string{"admit/a.yaml": replace(t, goodPod, "kind: Pod", "kind: pod")},
			[]string{"unknown kind v1 pod"},
		},
		"old API": {
			map[string]string{"admit/a.yaml": "apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: x}"},
			[]string{"unknown kind extensions/v1beta1 Deployment"},
		},
		"unknown field": {
			map[string]string{"admit/a.yaml": goodPod + "      imagee: x\n"},
			[]string{"document 1", `unknown field "spec.containers[0].imagee"`},
		},
		"wrong type": {
			map[string]string{"admit/a.yaml": replace(t, goodPod, "image: signed", "image: [signed]")},
			[]string{"document 1", "Pod"},
		},
		"no name": {
			map[string]string{"admit/a.yaml": replace(t, goodPod, "name: good", "generateName: good")},
			[]string{"no metadata.name"},
		},
		"no containers": {
			map[string]string{"admit/a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {}"},
			[]string{`Pod "x" has no containers`},
		},
		"no template": {
			map[string]string{"admit/a.yaml": "apiVersion: batch/v1\nkind: CronJob\n" +
				"metadata: {name: x}\nspec: {schedule: '@yearly'}"},
			[]string{`CronJob "x" has no containers`},
		},
		"no image": {
			map[string]string{"admit/a.yaml": replace(t, goodPod, "image: signed", "command: [x]")},
			[]string{"needs a name and an image"},
		},
		"neither folder": {map[string]string{"pod.yaml": goodPod}, []string{"pod.yaml", "admit/ or deny/"}},
		"another folder": {
			map[string]string{"denied/pod.yaml": goodPod},
			[]string{"denied/pod.yaml", "admit/ or deny/"},
		},
		"another extension": {
			map[string]string{"admit/pod.yaml.txt": goodPod},
			[]string{"pod.yaml.txt", "manifests end in"},
		},
		"same name": {
			map[string]string{"admit/a.yaml": goodPod, "admit/a.yml": replace(t, goodPod, "good", "other")},
			[]string{"has the same name"},
		},
		"same object": {
			map[string]string{"admit/a.yaml": goodPod, "admit/b.yaml": goodPod},
			[]string{"b.yaml", `Pod "good" is in`, "a.yaml"},
		},
		"no annotations": {
			map[string]string{"deny/a.yaml": goodPod},
			[]string{
				"deny/a.yaml", "document 1", "no annotation container-signing/refused-by", "container-signing/because",
			},
		},
		"no reason": {
			map[string]string{"deny/a.yaml": replace(t, refusedPod, "because: no signature", `because: ""`)},
			[]string{"no annotation container-signing/because"},
		},
		"misspelled": {
			map[string]string{"deny/a.yaml": replace(t, refusedPod, "because", "becuase")},
			[]string{"unknown annotation container-signing/becuase", "known are"},
		},
		"bad expression": {
			map[string]string{"deny/a.yaml": replace(t, refusedPod, "no signature", "no (signature")},
			[]string{"missing closing )"},
		},
		"matches everything": {
			map[string]string{"deny/a.yaml": replace(t, refusedPod, "no signature", "no signature|")},
			[]string{"matches every reason"},
		},
		"image of nobody": {
			map[string]string{"deny/a.yaml": replace(t, refusedPod, "refused-image: unsigned", "refused-image: other")},
			[]string{`no container has the image "other"`},
		},
		"refused in admit": {map[string]string{"admit/a.yaml": refusedPod}, []string{"must be admitted"}},
		"refused too early": {
			map[string]string{"deny/a.yaml": refusedPod + "---\n" + refusedPod},
			[]string{"document 1", "must be admitted"},
		},
		"debugger from start": {
			map[string]string{"admit/a.yaml": withDebugger},
			[]string{"ephemeralContainers", "document before"},
		},
		"debugger and more": {
			map[string]string{
				"admit/a.yaml": replace(t, goodPod, "image: signed", "image: x") + "---\n" + withDebugger,
			},
			[]string{"document 2", "by more than ephemeralContainers"},
		},
		"too large": {
			map[string]string{"admit/a.yaml": strings.Repeat("#", manifest.SizeLimit+1)},
			[]string{"admit/a.yaml", "a manifest may have"},
		},
		"several faults": {
			map[string]string{"admit/a.yaml": "x", "admit/b.yaml": "y"},
			[]string{"a.yaml", "b.yaml"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(write(t, test.files))
			if err == nil {
				t.Fatal("no error")
			}
			for _, words := range test.says {
				if !strings.Contains(hint.Text(err), words) {
					t.Errorf("got %q, want %q in it", err, words)
				}
			}
		})
	}
}

func TestLoadRefusesPlaces(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"file": goodPod, "links/admit/a.yaml": goodPod, "moved/workloads/a.yaml": goodPod,
		"pipes/deny/a.yaml": refusedPod, "dangling/admit/a.yaml": goodPod,
	})
	for link, to := range map[string]string{
		"links/admit/folder.yaml": dir, "moved/admit": "workloads", "dangling/admit/b.yaml": "nowhere",
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipes/deny/pipe.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ folder, says string }{
		"missing":              {"nowhere", "name a folder that holds admit/ and deny/"},
		"a file":               {"file", "it is a file"},
		"below a file":         {"file/workloads", "not a directory"},
		"link to a folder":     {"links", "no regular file"},
		"admit is a link":      {"moved", "it isn't a manifest by its name"},
		"link to nothing":      {"dangling", `b.yaml": no such file`},
		"a pipe nobody writes": {"pipes", `pipe.yaml": it is no regular file`},
	} {
		test.folder = filepath.Join(dir, test.folder)
		if _, err := Load(test.folder); err == nil || !strings.Contains(hint.Text(err), test.says) {
			t.Errorf("%s: got %v, want %q", name, err, test.says)
		}
	}
}

// TestLoadTellsAll reports the faults of all files at once, and each piece of
// advice once, on lines of its own.
func TestLoadTellsAll(t *testing.T) {
	t.Parallel()
	dir := write(t, map[string]string{
		"admit/a.yaml": "kind: [", "admit/b.yaml": withDebugger, "admit/c.yaml": withDebugger, "admit/d.yaml": goodPod,
		"deny/a.yaml": replace(t, refusedPod, "no signature", ".*"),
		"deny/d.yaml": replace(t, refusedPod, "name: bad", "name: good"),
	})
	_, err := Load(dir)
	if err == nil {
		t.Fatal("no error")
	}
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 5 || strings.Contains(err.Error(), "hint") {
		t.Errorf("%d lines in %s", len(lines), err)
	}
	want := []string{
		"describe the pod without them in the document before", "name words that the reason must have",
		"name them differently",
	}
	if got := hint.Of(err); !slices.Equal(got, want) {
		t.Errorf("the advice is %q, not %q", got, want)
	}
}

// TestLoadOddNames takes names as they are: those of files are names of
// verdicts, and whoever prints them has to see to it that they are harmless.
func TestLoadOddNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long", 60)
	workloads, err := Load(write(t, map[string]string{
		"admit/\x1b[2J\n.yaml": goodPod,
		"admit/" + long + ".json": `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "json"}, "spec": ` +
			podSpec + "}",
		"deny/a/b/../b/日本語 %s.d/c.old.yml": refusedPod,
	}))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, w := range workloads {
		names = append(names, w.Name)
	}
	if want := []string{"admit/\x1b[2J\n", "admit/" + long, "deny/a/b/日本語 %s.d/c.old"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

// TestPolicies loads the project's own workloads.
func TestPolicies(t *testing.T) {
	t.Parallel()
	workloads, err := Load("../../../policies/workloads")
	if err != nil {
		t.Fatal(err)
	}
	admitted, refused := map[string]bool{}, map[string]bool{}
	for _, w := range workloads {
		if w.Refusal == nil {
			admitted[w.Last().Kind.Kind] = true
			continue
		}
		refused[w.Last().Kind.Kind] = true
		// Kyverno names the registry that doesn't answer, and not the image in it.
		if w.Refusal.Image == "" && w.Name != "deny/pod-from-another-registry" {
			t.Errorf("%s doesn't say which image is to blame", w.Name)
		}
	}
	for _, kind := range kinds {
		if !admitted[kind.Kind] || !refused[kind.Kind] {
			t.Errorf("%s: admitted %v, refused %v; want one of each",
				kind.Kind, admitted[kind.Kind], refused[kind.Kind])
		}
	}
}
