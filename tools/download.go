package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// download returns the folder and the version of what the module pins.
func download(ctx context.Context, g goCommand) (dir, version string, err error) {
	if g.module.upstream == "" {
		return g.dir, "", nil
	}
	var listed bytes.Buffer
	if err := g.do(ctx, &listed, nil, "mod", "download", "-json", g.module.upstream); err != nil {
		return "", "", err
	}
	if dir, version, err = downloaded(listed.Bytes()); err != nil {
		return "", "", fmt.Errorf("building %s: %w", g.module.name, err)
	}
	return dir, version, nil
}

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
	if m.Dir == "" || m.Version == "" {
		return "", "", errors.New("reading what go mod download says: it names no folder and version")
	}
	return m.Dir, m.Version, nil
}
