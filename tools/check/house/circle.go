package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// A circle is the largest set of files of a package that all depend on one
// another.
type circle struct {
	pkg   string
	files []string
	of    int // files in the package
}

func (c circle) String() string {
	return fmt.Sprintf("%s: %d of %d files depend on one another in a circle (%s)",
		c.pkg, len(c.files), c.of, strings.Join(c.files, " "))
}

// largestCircle returns the names of the files in the largest circle of a
// package; none if no two files depend on one another.
func largestCircle(set *token.FileSet, files []*ast.File) []string {
	reached := map[string]map[string]bool{}
	uses := usesOf(set, files)
	for from := range uses {
		reached[from] = reach(uses, from)
	}
	var largest []string
	for _, from := range slices.Sorted(maps.Keys(reached)) {
		var circle []string
		for to := range reached[from] {
			if reached[to][from] {
				circle = append(circle, filepath.Base(to))
			}
		}
		if len(circle) > len(largest) {
			largest = slices.Sorted(slices.Values(circle))
		}
	}
	return largest
}

// usesOf returns which files use what is declared in which others. Packages
// that are imported don't matter, and are taken to be empty.
func usesOf(set *token.FileSet, files []*ast.File) map[string]map[string]bool {
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: empty{}, Error: func(error) {}}
	// What is missing in empty packages are errors that don't matter either.
	pkg, _ := config.Check("package", set, files, info)
	uses := map[string]map[string]bool{}
	for identifier, object := range info.Uses {
		if object.Pkg() != pkg || !object.Pos().IsValid() || isLocal(pkg, object) {
			continue
		}
		from, to := set.Position(identifier.Pos()).Filename, set.Position(object.Pos()).Filename
		if from == to {
			continue
		}
		if uses[from] == nil {
			uses[from] = map[string]bool{}
		}
		uses[from][to] = true
	}
	return uses
}

// isLocal tells what isn't declared at the top of a file: neither that nor a
// method or a field of what is.
func isLocal(pkg *types.Package, object types.Object) bool {
	if object.Parent() == pkg.Scope() {
		return false
	}
	if variable, ok := object.(*types.Var); ok {
		return !variable.IsField()
	}
	_, isMethod := object.(*types.Func)
	return !isMethod
}

// reach returns all files that a file depends on, itself or by way of others.
func reach(uses map[string]map[string]bool, from string) map[string]bool {
	seen := map[string]bool{}
	for waiting := []string{from}; len(waiting) > 0; {
		next := waiting[0]
		waiting = waiting[1:]
		for to := range uses[next] {
			if !seen[to] {
				seen[to] = true
				waiting = append(waiting, to)
			}
		}
	}
	return seen
}

// empty imports each package as one without anything in it.
type empty struct{}

func (empty) Import(path string) (*types.Package, error) {
	pkg := types.NewPackage(path, filepath.Base(path))
	pkg.MarkComplete()
	return pkg, nil
}
