package tools

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
)

// pinnedVersion returns the version of what the module pins; "" for a program
// of our own.
func pinnedVersion(ctx context.Context, g goCommand) (string, error) {
	if g.module.upstream == "" {
		return "", nil
	}
	pinned, err := list(ctx, g)
	if err == nil && pinned.Version == "" {
		err = fmt.Errorf("building %s: go list names no version of %s", g.module.name, g.module.upstream)
	}
	return pinned.Version, err
}

// upstreamFolder returns the folder with the source of what the module pins.
// It is there once something of it has been built: unlike go mod download,
// go build takes nothing without a checksum in go.sum.
func upstreamFolder(ctx context.Context, g goCommand) (string, error) {
	pinned, err := list(ctx, g)
	if err == nil && pinned.Dir == "" {
		err = fmt.Errorf("building %s: go list names no folder of %s", g.module.name, g.module.upstream)
	}
	return pinned.Dir, err
}

// A listed module is what `go list -m -json` says of one.
type listed struct{ Version, Dir string }

func list(ctx context.Context, g goCommand) (pinned listed, err error) {
	var output bytes.Buffer
	if err := g.do(ctx, &output, nil, "list", "-m", "-json", g.module.upstream); err != nil {
		return pinned, err
	}
	if err := json.Unmarshal(output.Bytes(), &pinned); err != nil {
		return pinned, fmt.Errorf("building %s: reading what go list says: %w", g.module.name, err)
	}
	return pinned, nil
}
