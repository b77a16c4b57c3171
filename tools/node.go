package tools

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// CheckNode returns an error if this machine can't build what [Node] lists and
// the cache doesn't have it: runc is partly written in C, so that Go alone
// isn't enough.
func CheckNode(ctx context.Context) error {
	runc, err := modulesFor([]string{"runc"})
	if err != nil {
		return err
	}
	source, err := sourceFolder()
	if err != nil {
		return err
	}
	cache, err := openCache()
	if err != nil {
		return err
	}
	if present, err := cache.has(source, runc[0]); err != nil || present {
		return err
	}
	command := exec.CommandContext(ctx, "go", "env", "CC")
	command.Env = append(os.Environ(), "CGO_ENABLED=1")
	compiler, err := command.Output()
	if err != nil {
		return fmt.Errorf("asking go for the C compiler: %w", err)
	}
	// It may be followed by arguments.
	words := strings.Fields(string(compiler))
	if len(words) == 0 {
		words = []string{"gcc"}
	}
	if _, err := exec.LookPath(words[0]); err != nil {
		return fmt.Errorf("building runc needs a C compiler: %w; install gcc and the C library's development files, or name another compiler in CC", err)
	}
	return nil
}
