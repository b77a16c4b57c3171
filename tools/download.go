package tools

import (
	"encoding/json"
	"fmt"
)

// downloaded reads what `go mod download -json` says of one module: the
// folder of its source and its version.
func downloaded(output []byte) (dir, version string, err error) {
	var m struct{ Dir, Version, Error string }
	if err := json.Unmarshal(output, &m); err != nil {
		return "", "", fmt.Errorf("reading what go mod download says: %w", err)
	}
	if m.Error != "" {
		return "", "", fmt.Errorf("downloading: %s", m.Error)
	}
	return m.Dir, m.Version, nil
}
