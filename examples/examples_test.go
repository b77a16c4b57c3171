// Package examples_test keeps the examples of the Dagger module up to date with
// it, without an engine.
package examples_test

import (
	"encoding/json"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	module     = "ContainerSigning"
	moduleName = "container-signing"
	generated  = "dagger/container-signing/examples/go/internal/dagger"
)

// A world is what the examples import: the standard library, and Dagger's core
// with the client of the module.
type world struct {
	standard types.Importer
	dagger   *types.Package
}

func (w world) Import(path string) (*types.Package, error) {
	if path == generated {
		return w.dagger, nil
	}
	return w.standard.Import(path)
}

// A daggersWorld is what Dagger's core imports. Of others' packages nothing is
// known: the core's API doesn't need them.
type daggersWorld struct{ standard types.Importer }

func (w daggersWorld) Import(path string) (*types.Package, error) {
	if strings.Contains(path, ".") {
		unknown := types.NewPackage(path, filepath.Base(path))
		unknown.MarkComplete()
		return unknown, nil
	}
	return w.standard.Import(path)
}

// newWorld makes the package that Dagger would generate.
func newWorld(t *testing.T) (world, *token.FileSet) {
	t.Helper()
	files := token.NewFileSet()
	standard := importer.ForCompiler(files, "source", nil)
	core, err := parser.ParseFile(files, "../ci/internal/dagger/dagger.gen.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	client, err := parser.ParseFile(files, "client.gen.go", generate(t, "../ci", module), 0)
	if err != nil {
		t.Fatal(err)
	}
	config := types.Config{
		Importer: daggersWorld{standard}, IgnoreFuncBodies: true,
		// What is unknown of the core is no fault of the examples; what is
		// unknown of the client is one of this test.
		Error: func(err error) {
			if at := err.(types.Error); files.Position(at.Pos).Filename == "client.gen.go" {
				t.Error(err)
			}
		},
	}
	// The error is the first of those above.
	made, _ := config.Check(generated, files, []*ast.File{core, client}, nil)
	return world{standard, made}, files
}

// compile returns what a compiler says about the examples.
func compile(t *testing.T, w world, files *token.FileSet, source []byte) (faults []string) {
	t.Helper()
	main, err := parser.ParseFile(files, "go/main.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	// What Dagger generates beside it.
	const beside = "package main\n\nimport \"" + generated + "\"\n\nvar dag = dagger.Connect()\n"
	dag, err := parser.ParseFile(files, "go/dagger.gen.go", beside, 0)
	if err != nil {
		t.Fatal(err)
	}
	config := types.Config{Importer: w, Error: func(err error) { faults = append(faults, err.Error()) }}
	_, err = config.Check("main", files, []*ast.File{main, dag}, nil)
	if (err == nil) != (len(faults) == 0) {
		t.Errorf("%v, and %q", err, faults)
	}
	return faults
}

// TestExamplesCompile checks the examples against the module's functions.
func TestExamplesCompile(t *testing.T) {
	w, files := newWorld(t)
	source, err := os.ReadFile("go/main.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range compile(t, w, files, source) {
		t.Error(fault)
	}
	for wrong, wanted := range map[string][2]string{
		"a function that isn't there": {".Bundle(", ".Bundel("},
		"an option that isn't there":  {"CertificateChain: chain", "Chain: chain"},
		"an argument too few":         {", ca)\n", ")\n"},
		"an object's wrong use":       {"References(ctx)", "Reference(ctx)"},
	} {
		changed := strings.Replace(string(source), wanted[0], wanted[1], 1)
		if changed == string(source) || len(compile(t, w, files, []byte(changed))) == 0 {
			t.Errorf("%s isn't noticed", wrong)
		}
	}
}

// TestExampleNames makes sure that the Daggerverse shows each example, which it
// finds by the names of module and function.
func TestExampleNames(t *testing.T) {
	source := parse(t, "go/main.go")
	functions := generate(t, "../ci", module)
	count := 0
	for _, declaration := range source.file.Decls {
		d, ok := declaration.(*ast.FuncDecl)
		if !ok {
			continue
		}
		count++
		if d.Doc.Text() == "" {
			t.Errorf("%s doesn't say what it shows", d.Name.Name)
		}
		function, isOurs := strings.CutPrefix(d.Name.Name, module)
		function, _, _ = strings.Cut(function, "_")
		of := regexp.MustCompile(`(?i)func \(r \*` + module + `\) ` + function + `\(`)
		if !isOurs || function != "" && !of.MatchString(functions) {
			t.Errorf("%s is the example of no function", d.Name.Name)
		}
	}
	if count < 10 {
		t.Errorf("there are only %d examples", count)
	}
}

// TestExamplesModule makes sure that the examples are a module of Dagger's that
// depends on this one, with the same engine and the same libraries.
func TestExamplesModule(t *testing.T) {
	type dependency struct{ Name, Source string }
	type daggerJSON struct {
		EngineVersion string
		Dependencies  []dependency
	}
	var examples, project daggerJSON
	for path, into := range map[string]*daggerJSON{"go/dagger.json": &examples, "../dagger.json": &project} {
		content, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(content, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if examples.EngineVersion != project.EngineVersion {
		t.Errorf("the examples are for engine %s, and the project for %s", examples.EngineVersion,
			project.EngineVersion)
	}
	if len(examples.Dependencies) != 1 || examples.Dependencies[0] != (dependency{moduleName, "../.."}) {
		t.Errorf("the examples depend on %v, not on this project", examples.Dependencies)
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		ours, err := os.ReadFile(filepath.Join("../ci", name))
		if err != nil {
			t.Fatal(err)
		}
		theirs, err := os.ReadFile(filepath.Join("go", name))
		if err != nil {
			t.Fatal(err)
		}
		renamed := strings.Replace(string(ours), "module dagger/container-signing\n",
			"module dagger/container-signing/examples/go\n", 1)
		if string(theirs) != renamed {
			t.Errorf("examples/go/%[1]s isn't ci/%[1]s: Dagger's client needs the same", name)
		}
	}
}
