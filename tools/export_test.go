package tools

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestExport builds notation and the demonstration image into a folder, and
// takes them from there where there is no go command.
func TestExport(t *testing.T) {
	needTools(t)
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
	checkError(t, err, "other pins", "oras-", dir)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("the folder isn't left alone: %v %v", entries, err)
	}
}

// TestExportOfSamples takes what is exported elsewhere, as into a container.
func TestExportOfSamples(t *testing.T) {
	source := sampleProject(t)
	dir := filepath.Join(t.TempDir(), "tools")
	if err := Export(t.Context(), io.Discard, dir, "own", "hello"); err != nil {
		t.Fatal(err)
	}
	moved := dir + "-moved"
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	checkOutput(t, filepath.Join(moved, "bin", "own"), "hello\n")
	checkOutput(t, filepath.Join(moved, "bin", "hello"), upstreamVersion+"\n")
	if _, err := os.Lstat(filepath.Join(moved, "bin", "manifests")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder is linked as a program: %v", err)
	}
	t.Setenv(FolderVariable, moved)
	t.Setenv("PATH", "")
	programs, err := Build(t.Context(), io.Discard, "own", "hello")
	if err != nil || !strings.HasPrefix(programs["own"], moved) {
		t.Errorf("with %s it builds %v (%v)", FolderVariable, programs, err)
	}
	writeFiles(t, source, map[string]string{"own/main.go": "package main\n"})
	_, err = Build(t.Context(), io.Discard, "hello", "own")
	if err == nil || !strings.Contains(err.Error(), "there is no own-") || strings.Contains(err.Error(), "pinned-") {
		t.Errorf("of a source with another program it says %v", err)
	}
}

func TestExportWithoutPlace(t *testing.T) {
	sampleProject(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "below")} {
		checkError(t, Export(t.Context(), io.Discard, dir, "own"), "exporting own", file)
	}
	checkError(t, Export(t.Context(), io.Discard, t.TempDir(), "nothing"), "unknown tool")
}
