package session

import (
	"context"
	"fmt"
	"maps"
	"os"

	"container-signing/e2e/internal/process"
	"container-signing/tools"
)

// Build builds the tools that are named, and tells about it on standard error.
func Build(ctx context.Context, names ...string) (tools.Programs, error) {
	return tools.Build(ctx, os.Stderr, names...)
}

// BuildChain builds the tools of a whole run, and tells why it has no node if it
// has none. That those of a node can't be built because the machine lacks a C
// library is no error unless the user insists on a node.
func BuildChain(ctx context.Context, mode NodeMode) (programs tools.Programs, noNode string, err error) {
	if noNode, err = mode.Check(ctx); err != nil {
		return nil, "", err
	}
	if programs, err = Build(ctx, tools.Chain()...); err != nil || noNode != "" {
		return programs, noNode, err
	}
	more, err := Build(ctx, tools.Node()...)
	switch {
	case err == nil:
		maps.Copy(programs, more)
		return programs, "", nil
	case ctx.Err() != nil || mode == NodeOn:
		return nil, "", err
	}
	return programs, reason(err), nil
}

// BuildProgram builds one of this project's own programs from its source.
func (s *Session) BuildProgram(ctx context.Context, program, pkg string) error {
	root, err := tools.Root()
	if err != nil {
		return err
	}
	// Without cgo it starts in two thirds of the time. A go command that is
	// killed leaves its temporary folder behind.
	build := process.Tool{Path: "go", Inherits: process.OfUser, Env: []string{"CGO_ENABLED=0", "GOTMPDIR=" + s.Dir},
		Lifeline: s.space.Lifeline}
	if _, err := build.Run(ctx, "-C", root, "build", "-trimpath", "-ldflags", "-s -w", "-o", program, pkg); err != nil {
		return fmt.Errorf("building %s: %w", pkg, err)
	}
	return nil
}
