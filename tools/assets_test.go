package tools

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"
)

// TestManifestsThatCantBeKept has what an upstream may ship one day.
func TestManifestsThatCantBeKept(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		says  string
	}{
		"two of one name": {map[string]string{"a/x.yaml": "{}", "b/x.yaml": "{}"}, "two files are called x.yaml"},
		"no YAML":         {map[string]string{"x.yaml": "a: [b"}, `x.yaml": `},
		"a key twice":     {map[string]string{"x.yaml": "a: 1\na: 2\n"}, "already set"},
	} {
		t.Run(name, func(t *testing.T) {
			upstream, dir := t.TempDir(), t.TempDir()
			writeFiles(t, filepath.Join(upstream, "config"), test.files)
			err := keepAssets(pinned, upstream, dir)
			checkError(t, err, "keeping manifests", test.says)
		})
	}
	if err := keepAssets(pinned, t.TempDir(), t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that upstream has given up: %v", err)
	}
}
