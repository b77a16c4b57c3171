package inputs

import (
	"bytes"
	"encoding/json"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	root   = "../../.."
	module = "container-signing/"
)

// files lists what the packages consist of that a package of the project needs,
// itself among them: Go files that aren't tests, and what they embed.
func files(t *testing.T, pkg string, seen map[string]bool) []string {
	t.Helper()
	if seen[pkg] {
		return nil
	}
	seen[pkg] = true
	sources, err := filepath.Glob(filepath.Join(root, pkg, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, source := range sources {
		if strings.HasSuffix(source, "_test.go") {
			continue
		}
		found = append(found, path.Join(pkg, filepath.Base(source)))
		parsed, err := parser.ParseFile(token.NewFileSet(), source, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			if needed, ours := strings.CutPrefix(strings.Trim(spec.Path.Value, `"`), module); ours {
				found = append(found, files(t, needed, seen)...)
			}
		}
		for _, comments := range parsed.Comments {
			for _, line := range comments.List {
				if patterns, embeds := strings.CutPrefix(line.Text, "//go:embed "); embeds {
					for _, pattern := range strings.Fields(patterns) {
						found = append(found, path.Join(pkg, pattern))
					}
				}
			}
		}
	}
	if len(found) == 0 {
		t.Errorf("found no package %s", pkg)
	}
	return found
}

// covers tells whether patterns let a file through: a folder with all below it,
// or what the pattern matches.
func covers(patterns []string, file string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		matched, err := path.Match(pattern, file)
		return err == nil && matched || strings.HasPrefix(file, pattern+"/")
	})
}

// TestPrograms makes sure that each program is given all that it is made of.
func TestPrograms(t *testing.T) {
	for _, program := range []Program{E2E, ToolBuilder, Plugin, ImageVerifier} {
		needed := files(t, strings.TrimPrefix(program.Package, "./"), map[string]bool{})
		for _, file := range needed {
			if !covers(program.Patterns(), file) {
				t.Errorf("%s isn't given %s", program.Package, file)
			}
		}
	}
}

func TestCovers(t *testing.T) {
	patterns := []string{"go.mod", "internal", "tools/*.go"}
	for file, want := range map[string]bool{
		"go.mod": true, "internal/pki/key.go": true, "tools/cache.go": true,
		"go.sum": false, "internals/x.go": false, "tools/build/main.go": false, "tools/oras/go.mod": false,
	} {
		if covers(patterns, file) != want {
			t.Errorf("%s: %v", file, !want)
		}
	}
}

// TestSource makes sure that the module is given every folder of the project:
// its checks run the tests of all of them.
func TestSource(t *testing.T) {
	main, err := os.ReadFile("../../main.go")
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(`(?s)\+ignore=(\[.*?\])`).FindSubmatch(main)
	if match == nil {
		t.Fatal("main.go has no +ignore")
	}
	var patterns []string
	if err := json.Unmarshal(bytes.ReplaceAll(match[1], []byte("//"), nil), &patterns); err != nil {
		t.Fatal(err)
	}
	ignored, err := os.ReadFile(filepath.Join(root, ".gitignore"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, entry := range entries {
		name := entry.Name()
		if !entry.IsDir() || name == ".git" ||
			regexp.MustCompile(`(?m)^/?`+regexp.QuoteMeta(name)+`/?$`).Match(ignored) {
			continue
		}
		checked++
		if !slices.Contains(patterns, "!"+name+"/**") {
			t.Errorf("the module isn't given the folder %s", name)
		}
	}
	if checked < 8 {
		t.Errorf("only %d folders were looked at", checked)
	}
	for _, program := range []Program{E2E, ToolBuilder, Plugin, ImageVerifier} {
		for _, pattern := range program.Patterns() {
			top, _, _ := strings.Cut(pattern, "/")
			if !slices.Contains(patterns, "!"+top) && !slices.Contains(patterns, "!"+top+"/**") {
				t.Errorf("%s needs %s, which the module isn't given", program.Package, pattern)
			}
		}
	}
}
