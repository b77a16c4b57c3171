package tools

import (
	"maps"
	"path/filepath"
	"slices"
)

// A module is one Go module below tools/ and what is made of it.
type module struct {
	name     string // the folder's name, unless folder says another
	upstream string // the module path that it pins; empty for a program of our own
	// folder is where the module is, if that isn't its name: two of them build
	// different programs of the same upstream.
	folder string
	// programs are the packages to build, by the name of the program; a nil
	// map builds every tool of the module under its own name.
	programs map[string]string
	// platforms are the GOOS/GOARCH pairs to build for, one folder each;
	// none means this machine's, without a folder.
	platforms []string
	// finish makes what the module is asked for out of what was built in dir
	// for the platforms, where that isn't the programs themselves.
	finish func(dir string, platforms []string) error
	// makes names what finish makes.
	makes string
	// recipe changes with what finish makes of the same programs.
	recipe int
	// assets are folders of the upstream module that are kept too, by the
	// name they are asked for.
	assets map[string]string
	// static makes it a build with cgo, of one static program. It needs a C
	// compiler and a static libc.
	static bool
	// node says that only a node needs it.
	node bool
	// versionVariables are the string variables that the upstream's own
	// build sets to its version.
	versionVariables func(version string) map[string]string
}

// source is the folder of m below that of all modules.
func (m module) source(tools string) string {
	if m.folder != "" {
		return filepath.Join(tools, m.folder)
	}
	return filepath.Join(tools, m.name)
}

// pins are the files in m's folder that decide what is built.
func (m module) pins() []string {
	if m.upstream == "" {
		return []string{"go.mod", "main.go"}
	}
	return []string{"go.mod", "go.sum"}
}

// provides lists what m can be asked for.
func (m module) provides() []string {
	names := slices.Collect(maps.Keys(m.programs))
	names = slices.AppendSeq(names, maps.Keys(m.assets))
	if m.makes != "" {
		names = append(names, m.makes)
	}
	slices.Sort(names)
	return names
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
