package tools

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// writePins writes to dir/pins/FOLDER.sha256 which files of the source decide
// what is built of m, relative to the project's root, in the form of
// sha256sum. So whoever has a source and a folder of built tools knows at once
// that they don't belong together, by `cat pins/* | sha256sum --check`, and
// needs no Go for it.
func writePins(dir, source string, m module) error {
	folder := filepath.Base(m.source(source))
	var sums strings.Builder
	for _, name := range m.pins() {
		content, err := os.ReadFile(filepath.Join(m.source(source), name))
		if err != nil {
			return fmt.Errorf("reading what pins %s: %w", m.name, err)
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(content), path.Join("tools", folder, name))
	}
	pins := filepath.Join(dir, "pins")
	if err := os.MkdirAll(pins, 0o755); err != nil {
		return fmt.Errorf("writing what pins %s: %w", m.name, err)
	}
	if err := os.WriteFile(filepath.Join(pins, folder+".sha256"), []byte(sums.String()), 0o644); err != nil {
		return fmt.Errorf("writing what pins %s: %w", m.name, err)
	}
	return nil
}
