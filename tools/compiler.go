package tools

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	shellquote "github.com/kballard/go-shellquote"

	"container-signing/internal/hint"
)

// checkCompiler links a program as runc is linked.
func checkCompiler(ctx context.Context) error {
	command := exec.CommandContext(ctx, "go", "env", "CC")
	command.Env = append(os.Environ(), "CGO_ENABLED=1")
	compiler, err := command.Output()
	if err != nil {
		return fmt.Errorf("asking go for the C compiler: %w", err)
	}
	// It may be followed by arguments.
	words, err := shellquote.Split(strings.TrimSpace(string(compiler)))
	if err != nil || len(words) == 0 {
		return fmt.Errorf("building runc needs a C compiler: go env CC says %q", compiler)
	}
	dir, err := os.MkdirTemp("", "container-signing-compiler-")
	if err != nil {
		return fmt.Errorf("trying the C compiler: %w", err)
	}
	words = append(words, "-static", "-x", "c", "-o", filepath.Join(dir, "program"), "-")
	command = exec.CommandContext(ctx, words[0], words[1:]...)
	command.Stdin = strings.NewReader("#include <unistd.h>\nint main(void) { return getpid() == 0; }\n")
	output, err := command.CombinedOutput()
	if removing := os.RemoveAll(dir); err == nil && removing != nil {
		return fmt.Errorf("trying the C compiler: %w", removing)
	}
	if err != nil {
		err = fmt.Errorf("building runc needs a C compiler and a static C library: %w%s", err, lastLine(output))
		return hint.Add(err, "install them (gcc and libc6-dev on Debian), or name another compiler in CC")
	}
	return nil
}

// lastLine is what a compiler that failed says in the end, if it says
// anything.
func lastLine(output []byte) string {
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return ": " + last
	}
	return ""
}
