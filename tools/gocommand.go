package tools

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	shellquote "github.com/kballard/go-shellquote"

	"container-signing/internal/hint"
)

// A goCommand runs the go command in one module.
type goCommand struct {
	dir    string
	module module
	show   *progress
	// temporary is where go builds. A go command that is killed leaves its
	// folder there, to be removed with the rest of an unfinished build.
	temporary string
}

// do runs go with args, in a process group of its own so that an interrupt
// ends its compilers with it, and shows what it is doing.
func (g goCommand) do(ctx context.Context, stdout io.Writer, environment []string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stdout = g.dir, stdout
	// GOWORK and GOFLAGS of the user's would build something else than what
	// is pinned.
	environment = append([]string{"CGO_ENABLED=0", "GOWORK=off", "GOFLAGS="}, environment...)
	cmd.Env = append(append(os.Environ(), "GOTMPDIR="+g.temporary), environment...)
	ownProcessGroup(cmd)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return fmt.Errorf("building %s: %w", g.module.name, err)
	}
	if err := cmd.Start(); err != nil {
		return g.explain(ctx, err)
	}
	said := g.follow(stderr)
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return g.explain(ctx, err)
		}
		command := fmt.Sprintf("cd %s && %s %s",
			shellquote.Join(g.dir), strings.Join(environment, " "), shellquote.Join(cmd.Args...))
		err = fmt.Errorf("building %s: (%s): %w\n%s", g.module.name, command, err, said)
		return advise(err, said)
	}
	return nil
}

// explain tells why a go command was ended or couldn't be started.
func (g goCommand) explain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	err = fmt.Errorf("building %s: %w", g.module.name, err)
	if errors.Is(err, exec.ErrNotFound) {
		return hint.Add(err, "install Go from https://go.dev/dl")
	}
	return err
}

// advise adds what can be done about what go said.
func advise(err error, said string) error {
	switch {
	case strings.Contains(said, "no space left on device"):
		return hint.Add(err, "all tools need 14 GB for Go's caches (GOMODCACHE, GOCACHE) and 0.7 GB in XDG_CACHE_HOME")
	case strings.Contains(said, "dial tcp"), strings.Contains(said, "proxyconnect"):
		return hint.Add(err, "if this machine reaches another Go module proxy, name it in GOPROXY")
	}
	return err
}

// follow shows each line that go prints and returns the last ones.
func (g goCommand) follow(stderr io.Reader) string {
	const kept = 20
	var last []string
	lines := bufio.NewScanner(stderr)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		g.show.doing(lines.Text())
		if last = append(last, lines.Text()); len(last) > kept {
			last = last[1:]
		}
	}
	return strings.Join(last, "\n")
}
