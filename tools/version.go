package tools

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/modfile"
)

// Versions returns the pinned version of each module that has an upstream, by
// its name.
func Versions() (map[string]string, error) {
	source, err := sourceFolder()
	if err != nil {
		return nil, err
	}
	versions := map[string]string{}
	for _, m := range modules {
		if m.upstream == "" {
			continue
		}
		file := filepath.Join(m.source(source), "go.mod")
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading what pins %s: %w", m.name, err)
		}
		parsed, err := modfile.Parse(file, content, nil)
		if err != nil {
			return nil, fmt.Errorf("reading what pins %s: %w", m.name, err)
		}
		for _, require := range parsed.Require {
			if require.Mod.Path == m.upstream {
				versions[m.name] = require.Mod.Version
			}
		}
		if versions[m.name] == "" {
			return nil, fmt.Errorf("reading %q: it doesn't require %s", file, m.upstream)
		}
	}
	return versions, nil
}
