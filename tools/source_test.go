package tools

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"container-signing/internal/hint"
)

func TestOutsideOfTheSource(t *testing.T) {
	t.Chdir(t.TempDir())
	if _, err := Root(); err == nil || !strings.Contains(hint.Text(err), "inside a clone") {
		t.Errorf("outside of the source, Root says %v", err)
	}
	if err := ReadBySubprocess("plugin"); err == nil {
		t.Error("a source that isn't there has been looked at")
	}
}

func TestRootIsTheNearestOne(t *testing.T) {
	outer := t.TempDir()
	inner := filepath.Join(outer, "vendored", "copy")
	for _, root := range []string{outer, inner} {
		writeFiles(t, root, map[string]string{"tools/notation/go.mod": "", "deep/below/file": ""})
	}
	for folder, want := range map[string]string{
		outer: outer, filepath.Join(outer, "vendored"): outer,
		inner: inner, filepath.Join(inner, "deep", "below"): inner,
	} {
		t.Chdir(folder)
		if got, err := Root(); err != nil || got != want {
			t.Errorf("the root of %s is %q (%v), not %q", folder, got, err, want)
		}
	}
}

// TestRootThatCantBeRead has something in the way, which is no reason to look
// in other places.
func TestRootThatCantBeRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("tools", filepath.Join(dir, "tools")); err != nil { // a link to itself
		t.Fatal(err)
	}
	t.Chdir(dir)
	var path *fs.PathError
	if _, err := Root(); !errors.As(err, &path) || strings.Contains(err.Error(), "no folder above") {
		t.Errorf("got %v", err)
	}
}

func TestReadBySubprocess(t *testing.T) {
	if err := ReadBySubprocess("tools", "internal"); err != nil {
		t.Error(err)
	}
	if err := ReadBySubprocess("tools", "no-such-folder"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that isn't there: %v", err)
	}
}
