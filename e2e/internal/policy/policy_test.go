package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const one = "apiVersion: policies.kyverno.io/v1\nkind: ImageValidatingPolicy\nmetadata: {name: one}\n"

func TestLoad(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		names string // of what is loaded, or else
		err   string
	}{
		"two files and two documents": {files: map[string]string{
			"b.yml":  "# why\n---\n" + one + "---\n" + strings.Replace(one, "one", "two", 1) + "---\n",
			"a.yaml": strings.Replace(one, "one", "zero", 1), "README.md": "policies\n",
		}, names: "zero one two"},
		"Kubernetes' own kind": {files: map[string]string{
			"a.yaml": "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata: {name: own}\n",
		}, names: "own"},
		"nothing":     {err: "it has none; put them into *.yaml"},
		"comments":    {files: map[string]string{"a.yaml": "# nothing\n"}, err: "it has none"},
		"no manifest": {files: map[string]string{"a.yaml": "a policy\n"}, err: `a.yaml", document 1: `},
		"broken YAML": {files: map[string]string{"a.yaml": one + "---\n{"}, err: `a.yaml", document 2: `},
		"no policy":   {files: map[string]string{"a.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: pod}\n"}, err: `Pod "pod" is no policy`},
		"no name":     {files: map[string]string{"a.yaml": "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\n"}, err: "give it one in metadata.name"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for file, content := range test.files {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			policies, err := Load(dir)
			var names []string
			for _, policy := range policies {
				names = append(names, policy.GetName())
			}
			if got := strings.Join(names, " "); got != test.names {
				t.Errorf("loaded %q, not %q", got, test.names)
			}
			if test.err == "" && err != nil || test.err != "" && (err == nil || !strings.Contains(err.Error(), test.err)) {
				t.Errorf("the error is %v, not %q", err, test.err)
			}
		})
	}
}

// TestLoadOwn loads the policies of the project.
func TestLoadOwn(t *testing.T) {
	for _, folder := range []string{"imagevalidatingpolicy", "clusterpolicy"} {
		policies, err := Load(filepath.Join("../../../policies", folder))
		if err != nil || len(policies) == 0 {
			t.Errorf("%s: %d policies, %v", folder, len(policies), err)
		}
	}
}
