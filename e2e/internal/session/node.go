package session

import (
	"context"
	"fmt"
	"strings"

	"container-signing/e2e/internal/node"
	"container-signing/e2e/internal/usage"
	"container-signing/internal/hint"
)

// A NodeMode says whether the cluster is to have a node.
type NodeMode string

const (
	// NodeAuto is a node if there can be one.
	NodeAuto NodeMode = "auto"
	// NodeOn is a node, or an error.
	NodeOn NodeMode = "on"
	// NodeOff is none.
	NodeOff NodeMode = "off"
)

// ParseNodeMode reads what --node says.
func ParseNodeMode(text string) (NodeMode, error) {
	switch mode := NodeMode(text); mode {
	case NodeAuto, NodeOn, NodeOff:
		return mode, nil
	}
	known := strings.Join([]string{string(NodeAuto), string(NodeOn), string(NodeOff)}, ", ")
	return "", usage.Fault(hint.Add(fmt.Errorf("unknown --node %q", text), "known are %s", known))
}

// Check returns why there is no node, and nothing if there can be one. It is an
// error if the user insists on one.
func (m NodeMode) Check(ctx context.Context) (noNode string, err error) {
	if m == NodeOff {
		return "--node is off", nil
	}
	err = node.Check(ctx)
	switch {
	case err == nil:
		return "", nil
	case m == NodeOn:
		return "", usage.Fault(hint.Add(fmt.Errorf("there can be no node on this machine: %w", err),
			"`--node off` does without one"))
	}
	return reason(err), nil
}

// reason is why there is no node, in one line.
func reason(err error) string {
	return strings.Join(append([]string{err.Error()}, hint.Of(err)...), "; ")
}
