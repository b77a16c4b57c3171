package tools

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestPrebuiltLacksSeveral names all that is missing at once.
func TestPrebuiltLacksSeveral(t *testing.T) {
	sampleProject(t)
	dir := t.TempDir()
	t.Setenv(FolderVariable, dir)
	_, err := Build(t.Context(), io.Discard, "own", "hello")
	checkError(t, err, "looking for own", dir, FolderVariable, "no own-", ", pinned-", "\nhint: build them anew by")
}

// TestPrebuiltFolderThatIsntThere is a mistyped name, not other pins.
func TestPrebuiltFolderThatIsntThere(t *testing.T) {
	sampleProject(t)
	dir := filepath.Join(t.TempDir(), "mistyped")
	t.Setenv(FolderVariable, dir)
	_, err := Build(t.Context(), io.Discard, "own")
	if !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), "other pins") {
		t.Errorf("got %v", err)
	}
	checkError(t, err, dir, "\nhint: ", "unset "+FolderVariable)
}

// TestPrebuiltRelativeFolder is found wherever the programs run that use it.
func TestPrebuiltRelativeFolder(t *testing.T) {
	source := sampleProject(t)
	if err := Export(t.Context(), io.Discard, "built", "own"); err != nil {
		t.Fatal(err)
	}
	t.Setenv(FolderVariable, "built")
	programs, err := Build(t.Context(), io.Discard, "own")
	if err != nil || !strings.HasPrefix(programs["own"], filepath.Join(filepath.Dir(source), "built")) {
		t.Errorf("it is at %v (%v)", programs, err)
	}
}
