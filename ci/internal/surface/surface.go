// Package surface reads from the source what the Dagger module offers: its
// functions and their arguments, as the dagger CLI names them. What documents
// the module is checked against that, without an engine.
package surface

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"unicode"
)

// A Function is a function of an object.
type Function struct {
	// Arguments are the names of its flags, such as "plain-http".
	Arguments []string
	// Returns is the object or core type that it returns, such as "Signed" or
	// "dagger.Service"; empty for scalars.
	Returns string
}

// An Object maps the functions and fields of an object, by the names that the
// CLI gives them.
type Object map[string]Function

// Read returns the objects of the module whose source is in a folder, by the
// names of their Go types. The constructor of the main object is in it as the
// function "New".
func Read(folder string) (map[string]Object, error) {
	source, err := parse(folder)
	if err != nil {
		return nil, err
	}
	objects := map[string]Object{}
	add := func(object, name string, f Function) {
		if objects[object] == nil {
			objects[object] = Object{}
		}
		objects[object][name] = f
	}
	for _, file := range source.files {
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "New" {
					add(returned(d), "New", function(d))
				} else if d.Recv != nil && d.Name.IsExported() {
					add(typeName(d.Recv.List[0].Type), Kebab(d.Name.Name), function(d))
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if spec, ok := spec.(*ast.TypeSpec); ok {
						addFields(spec, add)
					}
				}
			}
		}
	}
	return objects, nil
}

// A source is that of a module, without generated files.
type source struct {
	files     []*ast.File
	positions *token.FileSet
}

// parse reads the Go files of a folder that aren't generated.
func parse(folder string) (source, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err == nil && len(paths) == 0 {
		err = errors.New("there is none")
	}
	if err != nil {
		return source{}, fmt.Errorf("looking for the module's source in %q: %w", folder, err)
	}
	read := source{positions: token.NewFileSet()}
	for _, path := range paths {
		if strings.HasSuffix(path, ".gen.go") {
			continue
		}
		file, err := parser.ParseFile(read.positions, path, nil, parser.ParseComments)
		if err != nil {
			return source{}, fmt.Errorf("reading the module's source: %w", err)
		}
		read.files = append(read.files, file)
	}
	return read, nil
}

// addFields adds the public fields of a type: the CLI shows them as functions.
func addFields(spec *ast.TypeSpec, add func(object, name string, f Function)) {
	for _, field := range publicFields(spec) {
		for _, name := range field.Names {
			add(spec.Name.Name, Kebab(name.Name), Function{Returns: typeName(field.Type)})
		}
	}
}

// publicFields are the fields of an object that the CLI shows.
func publicFields(spec *ast.TypeSpec) []*ast.Field {
	fields, ok := spec.Type.(*ast.StructType)
	if !ok {
		return nil
	}
	var public []*ast.Field
	for _, field := range fields.Fields.List {
		private := field.Doc != nil && strings.Contains(field.Doc.Text(), "+private")
		if !private && len(field.Names) > 0 && field.Names[0].IsExported() {
			public = append(public, field)
		}
	}
	return public
}

func function(d *ast.FuncDecl) Function {
	f := Function{Returns: returned(d)}
	for _, parameter := range d.Type.Params.List {
		if typeName(parameter.Type) == "context.Context" {
			continue
		}
		for _, name := range parameter.Names {
			f.Arguments = append(f.Arguments, Kebab(name.Name))
		}
	}
	return f
}

func returned(d *ast.FuncDecl) string {
	if d.Type.Results == nil {
		return ""
	}
	return typeName(d.Type.Results.List[0].Type)
}

// typeName is the name of an object's type; empty for a scalar.
func typeName(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.ArrayType:
		return typeName(e.Elt)
	case *ast.SelectorExpr:
		return typeName(e.X) + "." + e.Sel.Name
	case *ast.Ident:
		return e.Name
	}
	return ""
}

// Kebab is the name that the CLI gives a Go identifier: with a dash before each
// word, and around each number (github.com/iancoleman/strcase, ToKebab).
func Kebab(name string) string {
	var kebab strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if i > 0 && startsWord(runes, i) {
			kebab.WriteByte('-')
		}
		kebab.WriteRune(unicode.ToLower(r))
	}
	return kebab.String()
}

// startsWord tells whether a word begins at runes[i], i > 0.
func startsWord(runes []rune, i int) bool {
	before, here := runes[i-1], runes[i]
	switch {
	case unicode.IsDigit(before) != unicode.IsDigit(here):
		return true
	case !unicode.IsUpper(here):
		return false
	case !unicode.IsUpper(before):
		return true
	}
	return i+1 < len(runes) && unicode.IsLower(runes[i+1]) // as in HTTPServer
}
