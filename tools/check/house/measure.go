package main

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// A house is what is measured of a project.
type house struct {
	folders map[string]folder // by name, and all of them as whole
	readme  int64             // bytes
}

// A folder is what is measured of the Go code in one folder of the project,
// and below it.
type folder struct {
	files, functions []int // lines of each, without tests
	code, tests      int   // lines
	wide             int   // lines of both that are wider than wideColumns
	circles          []circle
}

const (
	whole       = "all" // the name of all folders together
	wideColumns = 120
	tab         = "    "
)

// testShare is how many lines of tests there are for each line of code.
func (f folder) testShare() float64 { return float64(f.tests) / float64(max(f.code, 1)) }

// wideShare is how many of all lines are too wide.
func (f folder) wideShare() float64 { return float64(f.wide) / float64(max(f.code+f.tests, 1)) }

func (f folder) with(other folder) folder {
	return folder{
		files:     slices.Concat(f.files, other.files),
		functions: slices.Concat(f.functions, other.functions),
		code:      f.code + other.code, tests: f.tests + other.tests, wide: f.wide + other.wide,
		circles: slices.Concat(f.circles, other.circles),
	}
}

// measure measures the project in root: each of its folders that holds Go code,
// and README.md.
func measure(root string) (house, error) {
	measured := house{folders: map[string]folder{}}
	entries, err := os.ReadDir(root)
	if err != nil {
		return measured, err
	}
	var all folder
	for _, entry := range entries {
		if !entry.IsDir() || ignored(entry.Name()) {
			continue
		}
		f, err := measureFolder(root, entry.Name())
		if err != nil {
			return measured, err
		}
		if f.code+f.tests > 0 {
			measured.folders[entry.Name()] = f
			all = all.with(f)
		}
	}
	if len(measured.folders) == 0 {
		return measured, fmt.Errorf("there is no Go code in %q", root)
	}
	measured.folders[whole] = all
	info, err := os.Stat(filepath.Join(root, "README.md"))
	if err != nil {
		return measured, err
	}
	measured.readme = info.Size()
	return measured, nil
}

// ignored tells which folders are none of the project's code: the go command
// ignores them too.
func ignored(folder string) bool {
	return folder == "testdata" || strings.HasPrefix(folder, ".") || strings.HasPrefix(folder, "_")
}

func measureFolder(root, name string) (f folder, err error) {
	packages := map[string][]string{} // files without tests, by folder
	err = filepath.WalkDir(filepath.Join(root, name), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && ignored(entry.Name()):
			return fs.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".go":
			return nil
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if test := strings.HasSuffix(path, "_test.go"); f.count(string(content), test) && !test {
			packages[filepath.Dir(path)] = append(packages[filepath.Dir(path)], path)
		}
		return nil
	})
	if err != nil {
		return f, err
	}
	for dir, paths := range packages {
		if err := f.measurePackage(root, dir, paths); err != nil {
			return f, err
		}
	}
	slices.SortFunc(f.circles, func(a, b circle) int { return strings.Compare(a.String(), b.String()) })
	return f, nil
}

// count counts the lines of a file, unless a program has written it.
func (f *folder) count(content string, test bool) (written bool) {
	lines := strings.Split(strings.TrimSuffix(content, "\n"), "\n")
	// https://go.dev/s/generatedcode
	if slices.ContainsFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, "// Code generated ") && strings.HasSuffix(line, " DO NOT EDIT.")
	}) {
		return false
	}
	for _, line := range lines {
		if utf8.RuneCountInString(strings.ReplaceAll(line, "\t", tab)) > wideColumns {
			f.wide++
		}
	}
	if test {
		f.tests += len(lines)
		return true
	}
	f.code += len(lines)
	f.files = append(f.files, len(lines))
	return true
}

// measurePackage measures the functions of a package, and its largest circle
// of files as they are built for Linux.
func (f *folder) measurePackage(root, dir string, paths []string) error {
	linux := build.Default
	linux.GOOS = "linux"
	set, built := token.NewFileSet(), []*ast.File(nil)
	for _, path := range paths {
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			return err
		}
		for _, declaration := range file.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok {
				f.functions = append(f.functions, set.Position(function.End()).Line-set.Position(function.Pos()).Line+1)
			}
		}
		matches, err := linux.MatchFile(filepath.Split(path))
		if err != nil {
			return err
		}
		if matches {
			built = append(built, file)
		}
	}
	name, err := filepath.Rel(root, dir)
	if err != nil {
		return err
	}
	if files := largestCircle(set, built); len(files) > 1 {
		f.circles = append(f.circles, circle{filepath.ToSlash(name), files, len(built)})
	}
	return nil
}
