package cluster

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestInstallLock copies the project's folder, so that the API server reads
// nothing of the checkout.
func TestInstallLock(t *testing.T) {
	const own = "../../../policies/apiserver"
	dir := LockFolder(t.TempDir())
	args, err := InstallLock(own, dir)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "admission.yaml")
	if len(args) != 2 || args[1] != "--admission-control-config-file="+file {
		t.Errorf("the arguments are %q", args)
	}
	if content := string(readFile(t, file)); strings.Contains(content, lockInstalled) ||
		!strings.Contains(content, "staticManifestsDir: "+filepath.Join(dir, "manifests")) {
		t.Errorf("the API server is told:\n%s", content)
	}
	const policy = "manifests/keep-the-lock.yaml"
	if string(readFile(t, filepath.Join(dir, policy))) != string(readFile(t, filepath.Join(own, policy))) {
		t.Error("the policy has changed on its way")
	}
	if _, err := InstallLock(own, dir); err == nil || !strings.Contains(err.Error(), "file exists") {
		t.Errorf("a folder that is there is taken over: %v", err)
	}
}

func TestInstallLockHostile(t *testing.T) {
	elsewhere := t.TempDir()
	file := filepath.Join(elsewhere, "admission.yaml")
	if err := os.WriteFile(file, []byte("staticManifestsDir: /etc/x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for folder, words := range map[string]string{
		"nowhere":   "copying the policies of the API server: ",
		t.TempDir(): `preparing "admission.yaml" for the API server: open `,
		elsewhere:   "it doesn't name the folder that is replaced",
	} {
		if _, err := InstallLock(folder, LockFolder(t.TempDir())); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v", folder, err)
		}
	}
}
