package policy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"container-signing/internal/hint"
)

const one = "apiVersion: policies.kyverno.io/v1\nkind: ImageValidatingPolicy\nmetadata: {name: one}\n"

// write makes a folder of files.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for file, content := range files {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestLoad(t *testing.T) {
	t.Parallel()
	two := strings.Replace(one, "one", "two", 1)
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.Repeat(fmt.Sprintf("*%c,", c-1), 9))
	}
	for name, test := range map[string]struct {
		files map[string]string
		names string // of what is loaded, or else
		err   string
	}{
		"two files and two documents": {files: map[string]string{
			"b.yml":  "# why\n---\n" + one + "---\n" + two + "---\n",
			"a.yaml": strings.Replace(one, "one", "zero", 1), "README.md": "policies\n",
		}, names: "zero one two"},
		"Kubernetes' own kind": {files: map[string]string{
			"a.yaml": "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\n" +
				"metadata: {name: own}\n",
		}, names: "own"},
		"one name for several kinds": {files: map[string]string{
			"a.yaml": one, "b.yaml": strings.Replace(one, "ImageValidating", "Validating", 1),
			"c.yaml": strings.Replace(one, "{name: one}", "{name: one, namespace: a}", 1),
		}, names: "one one one"},
		"JSON": {files: map[string]string{
			"a.json": `{"apiVersion": "kyverno.io/v1", "kind": "PolicyException", "metadata": {"name": "one"}}`,
		}, names: "one"},
		"nothing":     {err: "it has none\nhint: put them into *.yaml"},
		"comments":    {files: map[string]string{"a.yaml": "# nothing\n"}, err: "it has none"},
		"other files": {files: map[string]string{"a.txt": "{}", "a.yaml~": one, "a.YAML": one}, err: "it has none"},
		"no manifest": {files: map[string]string{"a.yaml": "a policy\n"}, err: `a.yaml", document 1: `},
		"a list":      {files: map[string]string{"a.yaml": "- a policy\n"}, err: `document 1: it isn't a manifest`},
		"broken YAML": {files: map[string]string{"a.yaml": one + "---\n{"}, err: `a.yaml", document 2: `},
		"no policy": {
			files: map[string]string{"a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: pod}\n"},
			err:   `Pod "pod" is no policy`,
		},
		"a group that looks alike": {
			files: map[string]string{"a.yaml": strings.Replace(one, "kyverno.io", "kyverno.io.evil", 1)},
			err:   `its API group is "policies.kyverno.io.evil"`,
		},
		"a list of policies": {
			files: map[string]string{"a.yaml": "apiVersion: v1\nkind: List\nitems: []\n"}, err: "is no policy",
		},
		"no name": {
			files: map[string]string{"a.yaml": "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\n"},
			err:   "the ClusterPolicy has no name\nhint: give it one in metadata.name",
		},
		"a name of another type": {
			files: map[string]string{"a.yaml": strings.Replace(one, "one", "5", 1)}, err: "has no name",
		},
		"two of one name": {
			files: map[string]string{"a.yaml": one, "b.yaml": two + "---\n" + one},
			err:   `b.yaml", document 2: ImageValidatingPolicy "one" is in document 1 of `,
		},
		"two versions of one": {
			files: map[string]string{"a.yaml": one + "---\n" + strings.Replace(one, "io/v1", "io/v1beta1", 1)},
			err:   "hint: name them differently",
		},
		"a key twice": {
			files: map[string]string{"a.yaml": one + "spec: {failurePolicy: Fail, failurePolicy: Ignore}\n"},
			err:   `a.yaml", document 1: it isn't YAML: `,
		},
		"one that would be dropped": {
			files: map[string]string{"a.yaml": one + "...\n" + two}, err: "something follows its end",
		},
		"a bomb": {files: map[string]string{"a.yaml": bomb}, err: "excessive aliasing"},
		"too large": {
			files: map[string]string{"a.yaml": strings.Repeat("#", 4<<20)}, err: "a manifest may have",
		},
	} {
		t.Run(name, func(t *testing.T) {
			policies, err := Load(write(t, test.files))
			var names []string
			for _, policy := range policies {
				names = append(names, policy.GetName())
			}
			if got := strings.Join(names, " "); got != test.names {
				t.Errorf("loaded %q, not %q", got, test.names)
			}
			if test.err == "" && err != nil ||
				test.err != "" && (err == nil || !strings.Contains(hint.Text(err), test.err)) {
				t.Errorf("the error is %v, not %q", err, test.err)
			}
		})
	}
}

// TestLoadOdd reads folders whose names mean something to shells, and files
// that never end.
func TestLoadOdd(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(write(t, nil), "[a-z]*?\\ ü")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "%s\x1b.yaml")
	if err := os.WriteFile(file, []byte(one), 0o600); err != nil {
		t.Fatal(err)
	}
	if policies, err := Load(folder); err != nil || len(policies) != 1 {
		t.Errorf("%d policies, %v", len(policies), err)
	}
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe.yaml"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(folder); err == nil || !strings.Contains(err.Error(), `pipe.yaml": it is no regular file`) {
		t.Errorf("a pipe: %v", err)
	}
	for _, folder := range []string{filepath.Join(folder, "none"), file, "nul\x00byte"} {
		_, err := Load(folder)
		if err == nil || !strings.Contains(hint.Text(err), "\nhint: name a folder of policies") {
			t.Errorf("%q: %v", folder, err)
		}
	}
}

// TestLoadOwn loads the policies of the project.
func TestLoadOwn(t *testing.T) {
	t.Parallel()
	for _, folder := range []string{"imagevalidatingpolicy", "clusterpolicy"} {
		policies, err := Load(filepath.Join("../../../policies", folder))
		if err != nil || len(policies) == 0 {
			t.Errorf("%s: %d policies, %v", folder, len(policies), err)
		}
	}
}
