package doctor_test

import (
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"
)

// dropIn reads what a platform's file gives to containerd.
func dropIn(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("../../drop-ins", name))
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Ext(name) == ".toml" {
		return string(content)
	}
	var document struct {
		ContainerdConfigPatches []string // kind
		Content                 string   // Talos
		Spec                    struct{ Containerd struct{ Config string } }
	}
	if err := yaml.Unmarshal(content, &document); err != nil {
		t.Fatal(err)
	}
	switch {
	case len(document.ContainerdConfigPatches) == 1:
		// kind merges into a file that has this; alone, containerd skips the rest.
		return document.ContainerdConfigPatches[0] + "\n[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.runc]"
	case document.Content != "":
		return "version = 3\n" + document.Content
	case document.Spec.Containerd.Config != "":
		return "version = 3\n" + document.Spec.Containerd.Config
	}
	t.Fatalf("%s gives containerd nothing", name)
	return ""
}

// TestDropIns has, in a real containerd, the settings by which platforms take the
// lock off; the drop-in puts it on.
func TestDropIns(t *testing.T) {
	t.Parallel()
	const former, runc = `[plugins."io.containerd.grpc.v1.cri".containerd]`,
		`[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]`
	platforms := map[string]string{
		// images/base/files/etc/containerd/config.toml of kind
		"kind.yaml": "version = 2\n" + former + "\ndiscard_unpacked_layers = true\n" + runc,
		// pkg/agent/templates/templates.go of k3s, with stargz
		"k3s.toml": "version = 3\n" + images + "disable_snapshot_annotations = false",
		// nodeadm/internal/containerd/config2.template.toml of amazon-eks-ami
		"eks.yaml": "version = 3\n" + images + "discard_unpacked_layers = true",
		// hack/cri-plugin.part of Talos
		"talos.yaml": "version = 3\n" + images + "discard_unpacked_layers = true\nuse_local_image_pull = true",
	}
	files, err := filepath.Glob("../../drop-ins/*")
	if err != nil || len(files) != len(platforms) {
		t.Fatalf("there are %q (%v)", files, err)
	}
	for name, settings := range platforms {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			m.write(t, "conf.d/10-platform.toml", settings)
			m.start(t)
			m.doctor(t).mustBe(t, off, "/conf.d/10-platform.toml", "was pulled")
			m.stop()
			m.write(t, "conf.d/90-second-lock.toml", dropIn(t, name))
			m.start(t)
			m.doctor(t).mustBe(t, on, "The second lock is on.")
		})
	}
}
