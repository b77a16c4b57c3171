package surface

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const (
	root       = "../../.."
	mainObject = "ContainerSigning"
)

func read(t *testing.T) map[string]Object {
	t.Helper()
	objects, err := Read("../..")
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func TestKebab(t *testing.T) {
	for name, want := range map[string]string{
		"E2e": "e-2-e", "HTTPServer": "http-server", "plainHttp": "plain-http", "keyId": "key-id",
		"CertificateChain": "certificate-chain", "toPlainHTTP": "to-plain-http", "Ca": "ca",
	} {
		if got := Kebab(name); got != want {
			t.Errorf("%s is %s, not %s", name, got, want)
		}
	}
}

// TestFunctions names what the module has to offer.
func TestFunctions(t *testing.T) {
	objects := read(t)
	for object, functions := range map[string][]string{
		mainObject: {"New", "plugin", "tools", "toolbox", "registry", "sign", "copy", "verify", "inspect", "bundle",
			"load", "cluster", "kubeconfig", "admit", "attack", "e-2-e", "report", "test", "lint", "secrecy"},
		"Signed": {"references", "digests", "signatures", "ca", "verify", "inspect", "copy", "bundle"},
	} {
		for _, name := range functions {
			if _, ok := objects[object][name]; !ok {
				t.Errorf("%s has no function %s", object, name)
			}
		}
	}
}

// TestGenerated makes sure that the generated code is that of this source: it
// calls every function by its arguments, and hands on every field of an object.
func TestGenerated(t *testing.T) {
	generated, err := os.ReadFile("../../dagger.gen.go")
	if err != nil {
		t.Fatal(err)
	}
	source, err := parse("../..")
	if err != nil {
		t.Fatal(err)
	}
	var wanted []string
	for _, file := range source.files {
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if d.Recv != nil && d.Name.IsExported() {
					wanted = append(wanted, call(d))
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					wanted = append(wanted, assignments(spec)...)
				}
			}
		}
	}
	if len(wanted) < 20 {
		t.Errorf("found only %d functions and fields", len(wanted))
	}
	for _, code := range wanted {
		if !strings.Contains(string(generated), code) {
			t.Errorf("the generated code has no %q: run dagger develop", code)
		}
	}
}

// call is how generated code calls a function of an object.
func call(d *ast.FuncDecl) string {
	arguments := []string{"&parent"}
	for _, parameter := range d.Type.Params.List {
		for _, name := range parameter.Names {
			arguments = append(arguments, name.Name)
		}
	}
	return fmt.Sprintf("(*%s).%s(%s)", typeName(d.Recv.List[0].Type), d.Name.Name, strings.Join(arguments, ", "))
}

// assignments are how generated code hands on the fields of an object.
func assignments(spec ast.Spec) (code []string) {
	object, ok := spec.(*ast.TypeSpec)
	if !ok {
		return nil
	}
	fields, ok := object.Type.(*ast.StructType)
	if !ok || !object.Name.IsExported() {
		return nil
	}
	for _, field := range fields.Fields.List {
		for _, name := range field.Names {
			if !name.IsExported() {
				continue
			}
			code = append(code,
				fmt.Sprintf("concrete.%[1]s = r.%[1]s\n", name.Name),
				fmt.Sprintf("r.%[1]s = concrete.%[1]s\n", name.Name),
			)
		}
	}
	return code
}

// TestModule makes sure that dagger.json names what exists.
func TestModule(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "dagger.json"))
	if err != nil {
		t.Fatal(err)
	}
	var module struct {
		Name, EngineVersion, Source string
		SDK                         struct{ Source string }
	}
	if err := json.Unmarshal(content, &module); err != nil {
		t.Fatal(err)
	}
	if module.Name != "container-signing" || module.SDK.Source != "go" || module.Source != "ci" {
		t.Errorf("dagger.json has %+v", module)
	}
	if !regexp.MustCompile(`^v\d+\.\d+\.\d+$`).MatchString(module.EngineVersion) {
		t.Errorf("the engine's version %q isn't an exact one", module.EngineVersion)
	}
	goMod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(goMod), "module dagger/"+module.Name+"\n") {
		t.Error("ci/go.mod isn't that of the module dagger/" + module.Name)
	}
	for _, line := range strings.Split(string(goMod), "\n") {
		fields := strings.Fields(line)
		if i := slices.Index(fields, "dagger.io/dagger"); i >= 0 &&
			(len(fields) <= i+1 || fields[i+1] != module.EngineVersion) {
			t.Errorf("ci/go.mod has %q, but the engine is %s", line, module.EngineVersion)
		}
	}
}

// TestExamples makes sure that each command line of the documentation and of
// the workflows names functions and flags that exist.
func TestExamples(t *testing.T) {
	var files []string
	for _, pattern := range []string{"*.md", "docs/*.md", ".github/workflows/*.yml", "ci/*.go", "ci/internal/*/*.go"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	objects, examples := read(t), map[string]int{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || strings.Contains(file, "/surface/") {
			continue
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, example := range Examples(string(content)) {
			examples[filepath.Base(file)]++
			if err := Check(objects, mainObject, example); err != nil {
				t.Errorf("%s: %s: %v", filepath.Base(file), example, err)
			}
		}
	}
	if examples["README.md"] < 1 || examples["dagger.md"] < 10 || examples["dagger.yml"] < 3 {
		t.Errorf("only these examples were found: %v", examples)
	}
}

// TestCheck makes sure that wrong examples are noticed.
func TestCheck(t *testing.T) {
	objects := read(t)
	for example, says := range map[string]string{
		"dagger call e-2-e": "",
		"dagger call --tools REF e-2-e --policy clusterpolicy":                                "",
		"dagger -m github.com/org/container-signing call sign --image a --image b references": "",
		"dagger call sign --image a copy --to b verify":                                       "",
		"dagger call registry --name ci up --ports 5002:5000":                                 "",
		"dagger call plugin --platform=linux/arm64 export --path x":                           "",
		"dagger call e3e":                         "no function e3e",
		"dagger call e-2-e --polcy x":             "no flag --polcy",
		"dagger call --tool x e-2-e":              "no flag --tool",
		"dagger call sign --image a bundel":       "no function bundel",
		"dagger call sign --image a copy --too b": "no flag --too",
	} {
		err := Check(objects, mainObject, example)
		if (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", example, err)
		}
	}
}
