package signer

import (
	"os"
	"path/filepath"
	"testing"
)

// TestParentOf isn't misled by a process that gives itself a name.
func TestParentOf(t *testing.T) {
	for text, want := range map[string]int{
		"42 (sh) S 7 42 42 0":  7,
		"42 (x) S 1 () S 7 42": 7,
		"42 (a) R 1\n) S 7 42": 7,
		"42 (sh) S":            0,
		"42 (sh) S x 1":        0,
		"42 sh S 7":            0,
		"":                     0,
	} {
		path := filepath.Join(t.TempDir(), "42", "stat")
		if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		pid, parent, ok := parentOf(path)
		if ok != (want != 0) || ok && (pid != 42 || parent != want) {
			t.Errorf("%q: process %d of %d, %v", text, pid, parent, ok)
		}
	}
	if _, _, ok := parentOf(filepath.Join(t.TempDir(), "42", "stat")); ok {
		t.Error("a process that has ended has a parent")
	}
}

// TestDescendants finds a grandchild: this process is one of the init process.
func TestDescendants(t *testing.T) {
	found := false
	for _, pid := range descendants(os.Getppid()) {
		found = found || pid == os.Getpid()
	}
	if !found {
		t.Errorf("process %d isn't among the descendants of its parent %d", os.Getpid(), os.Getppid())
	}
}
