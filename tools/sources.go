package tools

import (
	"fmt"
	"io/fs"
	"path/filepath"
)

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
		err := filepath.WalkDir(filepath.Join(root, folder), func(_ string, _ fs.DirEntry, err error) error { return err })
		if err != nil {
			return fmt.Errorf("looking at the source: %w", err)
		}
	}
	return nil
}
