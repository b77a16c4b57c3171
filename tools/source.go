package tools

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"container-signing/internal/hint"
)

// Root returns the root of the project's source: the nearest folder, from the
// working directory upwards, that holds tools/notation/go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the project's source: %w", err)
	}
	for start := dir; ; dir = filepath.Dir(dir) {
		_, err := os.Stat(filepath.Join(dir, "tools", "notation", "go.mod"))
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("finding the project's source: %w", err)
		}
		if dir == filepath.Dir(dir) {
			err := fmt.Errorf("finding the project's source from %q: "+
				"no folder above it has tools/notation/go.mod", start)
			return "", hint.Add(err, "run this inside a clone of the project")
		}
	}
}

// sourceFolder is the folder of all modules.
func sourceFolder() (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	return filepath.Join(root, "tools"), nil
}

// ReadBySubprocess is for tests that run programs which they build from the
// project's source. The go command takes an old result for such a test's own
// until a file changes that the test itself has looked at: this looks at all
// files below folders, which are relative to the project's root.
func ReadBySubprocess(folders ...string) error {
	root, err := Root()
	if err != nil {
		return err
	}
	for _, folder := range folders {
		// That WalkDir reads each folder is what counts.
		nothing := func(_ string, _ fs.DirEntry, err error) error { return err }
		if err := filepath.WalkDir(filepath.Join(root, folder), nothing); err != nil {
			return fmt.Errorf("looking at the source: %w", err)
		}
	}
	return nil
}
