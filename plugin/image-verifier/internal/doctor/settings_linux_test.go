package doctor_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSettings sets, in a real containerd, all that keeps it from asking image
// verifiers, in a file that the main one imports. Each time it pulls the canary,
// and the doctor names the setting and the file.
func TestSettings(t *testing.T) {
	t.Parallel()
	const registry = `[plugins."io.containerd.cri.v1.images".registry.`
	const former = `[plugins."io.containerd.grpc.v1.cri"`
	for setting, content := range map[string]string{
		"use_local_image_pull = true":          images + "use_local_image_pull = true",
		"disable_snapshot_annotations = false": images + "disable_snapshot_annotations = false",
		"discard_unpacked_layers = true":       images + "discard_unpacked_layers = true",
		"registry.mirrors":                     registry + `mirrors."r.example"]` + "\nendpoint = ['https://m.test']",
		"registry.configs":                     registry + `configs."r.example".auth]` + "\nusername = 'u'",
		"registry.auths":                       registry + `auths."https://r.example"]` + "\nusername = 'u'",
		"max_concurrent_downloads = 10":        images + "max_concurrent_downloads = 10",
		"image_pull_with_sync_fs = true":       images + "image_pull_with_sync_fs = true",
		"max_concurrent_downloads = 4":         "version = 2\n" + former + "]\nmax_concurrent_downloads = 4",
		"discard_unpacked_layers = true ": "version = 2\n" + former +
			".containerd]\ndiscard_unpacked_layers = true\n" + former + ".containerd.runtimes.runc]",
		`disabled_plugins has "io.containerd.image-verifier.v1.bindir"`: "disabled_plugins = " +
			"['io.containerd.image-verifier.v1.bindir']",
	} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			if !strings.HasPrefix(content, "version") {
				content = "version = 3\n" + content
			}
			m.write(t, "conf.d/50-other.toml", content)
			m.start(t)
			d := m.doctor(t)
			d.mustBe(t, off, "✗ "+strings.TrimSpace(setting)+` in "`+m.folder+`/conf.d/50-other.toml"`,
				"\n  hint: ", "was pulled", "The second lock is off: containerd pulled")
			m.checkRemoved(t, d)
		})
	}
}

// TestLockIsOn mends one of these settings in a file that is merged later, after
// which a real containerd refuses the canary.
func TestLockIsOn(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.write(t, "conf.d/10-platform.toml", "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.containerd]\n"+
		"discard_unpacked_layers = true\n[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.runc]")
	m.write(t, "conf.d/90-second-lock.toml", "version = 3\n"+images+"discard_unpacked_layers = false")
	m.start(t)
	m.doctor(t).mustBe(t, on, "✓ no setting keeps it from asking", "/conf.d/90-second-lock.toml)", "✓ it asks",
		"✓ the trust policy", "is refused: (exit code 2)", "The second lock is on.")
	// Not yet read by the containerd that runs.
	m.remove(t, "conf.d/90-second-lock.toml")
	m.doctor(t).mustBe(t, off, "/conf.d/10-platform.toml", "is refused", "isn't in order")
}

// TestVerifiersFolder has something wrong where containerd looks for verifiers.
func TestVerifiersFolder(t *testing.T) {
	t.Parallel()
	const installed = "bin/notation-image-verifier"
	change := func(mode os.FileMode, name string) func(*testing.T, *machine) {
		return func(t *testing.T, m *machine) {
			// Not of the file that other tests have too.
			content, err := os.ReadFile(verifier)
			if err != nil {
				t.Fatal(err)
			}
			m.remove(t, installed)
			m.write(t, installed, string(content))
			if err := os.Chmod(filepath.Join(m.folder, installed), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(filepath.Join(m.folder, name), mode); err != nil {
				t.Fatal(err)
			}
		}
	}
	set := func(setting string) func(*testing.T, *machine) {
		return func(t *testing.T, m *machine) {
			m.write(t, "conf.d/a.toml", "version = 3\n[plugins.'io.containerd.image-verifier.v1.bindir']\n"+setting)
		}
	}
	for name, test := range map[string]struct {
		harm   func(*testing.T, *machine)
		says   string
		pulled bool
	}{
		"missing":   {func(t *testing.T, m *machine) { m.remove(t, "bin") }, "it allows every pull", true},
		"empty":     {func(t *testing.T, m *machine) { m.remove(t, installed) }, "it allows every pull", true},
		"elsewhere": {set("bin_dir = '/nowhere'"), `there is nothing in "/nowhere"`, true},
		"none":      {set("max_verifiers = 0"), "this program isn't among", true},
		"named":     {set("max_verifiers = 0"), "hint: max_verifiers is set in \"", true},
		"slow": {
			set("per_verifier_timeout = '8s'"), "ends a verifier after 8s, and this one takes up to 8s", false,
		},
		"not executable":    {change(0o644, installed), "isn't a program that can be run", false},
		"others' to change": {change(0o777, installed), "others than root may change", false},
		"in others' folder": {change(0o777, "bin"), "others than root may change", false},
		"another file": {
			func(t *testing.T, m *machine) { m.write(t, "bin/README", "") }, "isn't a program that can be run", false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t)
			test.harm(t, m)
			m.start(t)
			d := m.doctor(t)
			d.mustBe(t, off, "✗ ", test.says, "\n  hint: ")
			if pulled := strings.Contains(d.text, "was pulled"); pulled != test.pulled {
				t.Errorf("pulled: %v\n%s", pulled, d.text)
			}
			m.checkRemoved(t, d)
		})
	}
}
