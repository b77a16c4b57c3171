package tools

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// goFlags are the flags of every build. The programs carry no paths of this
// machine and no debugger's tables: these double the time to link and the
// size.
var goFlags = []string{"-trimpath", "-buildvcs=false", "-mod=readonly"}

// compile builds the module's programs for a platform into dir, and renames
// those whose package has another name than the program.
func compile(ctx context.Context, g goCommand, dir, platform, version string) error {
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
