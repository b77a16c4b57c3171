package tools

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// goFlags are the flags of every build. The programs carry no paths of this
// machine and no debugger's tables: these double the time to link and the
// size.
var goFlags = []string{"-trimpath", "-buildvcs=false", "-mod=readonly"}

// build makes m in a folder beside its final one and renames it when all of
// it is there.
func (c cache) build(ctx context.Context, source string, m module, show *progress) error {
	show.start(m)
	defer show.stop()
	show.doing("go: waiting for another process that builds it")
	return c.locked(m, func() error {
		show.doing("go: looking at what is compiled already, linking the rest")
		if present, err := c.has(source, m); err != nil || present {
			return err // another process has built it in the meantime
		}
		final, err := c.folder(source, m)
		if err != nil {
			return err
		}
		dir, err := os.MkdirTemp(string(c), unfinished(m))
		if err != nil {
			return fmt.Errorf("making a folder to build %s in: %w", m.name, err)
		}
		err = makeModule(ctx, m.source(source), dir, m, show)
		if err == nil {
			err = publish(dir, final)
		}
		if err != nil {
			return errors.Join(err, os.RemoveAll(dir))
		}
		show.built()
		return nil
	})
}

// publish puts a finished build in its final place, instead of one from
// which somebody has removed a program.
func publish(dir, final string) error {
	if err := os.RemoveAll(final); err != nil {
		return fmt.Errorf("replacing a damaged build: %w", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return fmt.Errorf("finishing a build: %w", err)
	}
	if err := os.Rename(dir, final); err != nil {
		return fmt.Errorf("finishing a build: %w", err)
	}
	return nil
}

// makeModule downloads and builds all of m into dir.
func makeModule(ctx context.Context, source, dir string, m module, show *progress) error {
	run := goCommand{dir: source, module: m, show: show, temporary: filepath.Join(dir, "go-build")}
	if err := os.Mkdir(run.temporary, 0o700); err != nil {
		return fmt.Errorf("building %s: %w", m.name, err)
	}
	upstream, version, err := run.download(ctx)
	if err != nil {
		return err
	}
	platforms := m.platforms
	if len(platforms) == 0 {
		platforms = []string{""}
	}
	for _, platform := range platforms {
		if err := run.build(ctx, filepath.Join(dir, platform), platform, version); err != nil {
			return err
		}
	}
	if err := keepAssets(m, upstream, dir); err != nil {
		return err
	}
	if m.finish != nil {
		if err := m.finish(dir, m.platforms); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(run.temporary); err != nil {
		return fmt.Errorf("building %s: %w", m.name, err)
	}
	return missingFrom(m, dir)
}

// A goCommand runs the go command in one module.
type goCommand struct {
	dir    string
	module module
	show   *progress
	// temporary is where go builds. A go command that is killed leaves its
	// folder there, to be removed with the rest of an unfinished build.
	temporary string
}

// download returns the folder and the version of what the module pins.
func (g goCommand) download(ctx context.Context) (dir, version string, err error) {
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

// build builds the module's programs for a platform into dir, and renames
// those whose package has another name than the program.
func (g goCommand) build(ctx context.Context, dir, platform, version string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("building %s: %w", g.module.name, err)
	}
	args := append([]string{"build", "-v"}, goFlags...)
	args = append(args, "-ldflags", linkerFlags(g.module, version), "-o", dir+string(filepath.Separator))
	environment := platformEnvironment(platform)
	if g.module.static {
		// Without the C resolver and the C user database, which can't be
		// linked statically; without what runc has more tags for: seccomp and
		// the libraries that it needs.
		args = append(args, "-tags", "netgo,osusergo")
		environment = append(environment, "CGO_ENABLED=1")
	}
	if err := g.do(ctx, nil, environment, append(args, g.module.packages()...)...); err != nil {
		return err
	}
	for program, pkg := range g.module.programs {
		if built := builtName(pkg); built != program {
			if err := os.Rename(filepath.Join(dir, built), filepath.Join(dir, program)); err != nil {
				return fmt.Errorf("building %s: %w", g.module.name, err)
			}
		}
	}
	return nil
}

// packages are what go build is given.
func (m module) packages() []string {
	switch {
	case m.programs != nil:
		return slices.Sorted(maps.Values(m.programs))
	case m.upstream == "":
		return []string{"."}
	}
	return []string{"tool"}
}

func linkerFlags(m module, version string) string {
	flags := []string{"-s", "-w"}
	if m.static {
		flags = append(flags, "-extldflags=-static")
	}
	if m.versionVariables != nil {
		variables := m.versionVariables(version)
		for _, name := range slices.Sorted(maps.Keys(variables)) {
			flags = append(flags, "-X", name+"="+variables[name])
		}
	}
	return strings.Join(flags, " ")
}

// builtName is the name that go build gives the program of a package: the
// last element of its path that isn't a major version.
func builtName(pkg string) string {
	elements := strings.Split(pkg, "/")
	last := elements[len(elements)-1]
	if len(elements) > 1 && len(last) > 1 && last[0] == 'v' && strings.Trim(last[1:], "0123456789") == "" {
		return elements[len(elements)-2]
	}
	return last
}

func platformEnvironment(platform string) []string {
	goos, goarch, found := strings.Cut(platform, "/")
	if !found {
		return nil
	}
	return []string{"GOOS=" + goos, "GOARCH=" + goarch}
}

// do runs go with args, in a process group of its own so that an interrupt
// ends its compilers with it, and shows what it is doing.
func (g goCommand) do(ctx context.Context, stdout io.Writer, environment []string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Stdout = g.dir, stdout
	// GOWORK and GOFLAGS of the user's would build something else than what
	// is pinned.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=", "GOTMPDIR="+g.temporary)
	cmd.Env = append(cmd.Env, environment...)
	ownProcessGroup(cmd)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return fmt.Errorf("building %s: %w", g.module.name, err)
	}
	if err := cmd.Start(); err != nil {
		return g.explain(ctx, err)
	}
	tail := g.follow(stderr)
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return g.explain(ctx, err)
		}
		return fmt.Errorf("building %s: (cd %s && %s): %w\n%s", g.module.name, g.dir, cmd, err, strings.Join(tail, "\n"))
	}
	return nil
}

// explain tells why a go command was ended or couldn't be started.
func (g goCommand) explain(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.Is(err, exec.ErrNotFound):
		err = fmt.Errorf("%w; install Go from https://go.dev/dl", err)
	}
	return fmt.Errorf("building %s: %w", g.module.name, err)
}

// follow shows each line that go prints and returns the last ones.
func (g goCommand) follow(stderr io.Reader) (tail []string) {
	const kept = 20
	lines := bufio.NewScanner(stderr)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		g.show.doing(lines.Text())
		if tail = append(tail, lines.Text()); len(tail) > kept {
			tail = tail[1:]
		}
	}
	return tail
}
