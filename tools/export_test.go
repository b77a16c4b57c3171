package tools

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestExport builds notation and the demonstration image into a folder, and
// takes them from there where there is no go command.
func TestExport(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tools")
	for range 2 { // the second time over the first
		if err := Export(t.Context(), os.Stderr, dir, "notation", "busybox"); err != nil {
			t.Fatal(err)
		}
	}
	moved := dir + "-moved"
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	if output, err := exec.Command(filepath.Join(moved, "bin", "notation"), "version").CombinedOutput(); err != nil {
		t.Errorf("the link to notation: %v\n%s", err, output)
	}
	if _, err := os.Lstat(filepath.Join(moved, "bin", "busybox")); !os.IsNotExist(err) {
		t.Errorf("an image layout is linked as a program: %v", err)
	}
	t.Setenv(FolderVariable, moved)
	t.Setenv("PATH", "")
	programs, err := Build(t.Context(), io.Discard, "notation", "busybox")
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range programs {
		if !strings.HasPrefix(path, moved+string(filepath.Separator)) {
			t.Errorf("%s is taken from %s", name, path)
		}
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

// TestPrebuiltOfOtherPins says what to do with tools that aren't those of this
// source, and doesn't build any.
func TestPrebuiltOfOtherPins(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(FolderVariable, dir)
	t.Setenv("PATH", "")
	_, err := Build(t.Context(), io.Discard, "oras")
	if err == nil || !strings.Contains(err.Error(), "other pins") || !strings.Contains(err.Error(), "oras-") || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("the folder isn't left alone: %v %v", entries, err)
	}
}

func TestInFolder(t *testing.T) {
	if got := strings.Join(InFolder("kubernetes"), " "); !strings.Contains(got, "kube-apiserver") || !strings.Contains(got, "kubelet") {
		t.Errorf("kubernetes holds %q", got)
	}
	if got := InFolder("cobol"); got != nil {
		t.Errorf("a folder that isn't there holds %q", got)
	}
}
