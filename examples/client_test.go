package examples_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// A client is the Go code with which Dagger lets another module call this one:
// it generates a method for each function and field of the module's objects.
// Only an engine can generate it; these are the rules by which it does.
type client struct {
	module string // the main object, such as ContainerSigning
	source []source
	code   strings.Builder
}

// A source is a file of the module with its comments.
type source struct {
	files *token.FileSet
	file  *ast.File
	above map[int]string // by the line that follows
	aside map[int]string // by the line on which other text stands before them
}

// generate returns the client of the module in a folder.
func generate(t *testing.T, folder, module string) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("there is no module in %s: %v", folder, err)
	}
	c := client{module: module}
	for _, path := range paths {
		if strings.HasSuffix(path, ".gen.go") {
			continue
		}
		c.source = append(c.source, parse(t, path))
	}
	c.code.WriteString("package dagger\n\nimport \"context\"\n")
	for _, s := range c.source {
		for _, declaration := range s.file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				c.function(s, d)
			case *ast.GenDecl:
				c.objects(d)
			}
		}
	}
	return c.code.String()
}

func parse(t *testing.T, path string) source {
	t.Helper()
	s := source{files: token.NewFileSet(), above: map[int]string{}, aside: map[int]string{}}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(content), "\n")
	if s.file, err = parser.ParseFile(s.files, path, nil, parser.ParseComments); err != nil {
		t.Fatal(err)
	}
	for _, group := range s.file.Comments {
		begin := s.files.Position(group.Pos())
		if strings.TrimSpace(lines[begin.Line-1][:begin.Column-1]) != "" {
			s.aside[begin.Line] = group.Text()
		} else {
			s.above[s.files.Position(group.End()).Line+1] = group.Text()
		}
	}
	return s
}

// function adds a method for an exported method of an object, and one of the
// client for the constructor.
func (c *client) function(s source, d *ast.FuncDecl) {
	receiver, name := "Client", c.module
	switch {
	case d.Recv == nil && d.Name.Name == "New":
	case d.Recv == nil || !d.Name.IsExported():
		return
	default:
		receiver, name = c.object(typeOf(d.Recv.List[0].Type)), c.public(d.Name.Name)
	}
	options := c.module + strings.TrimPrefix(receiver, c.module) + name + "Opts"
	if receiver == "Client" {
		options = c.module + "Opts"
	}
	required, optional := c.arguments(s, d.Type.Params)
	if optional != "" {
		fmt.Fprintf(&c.code, "\ntype %s struct {\n%s}\n", options, optional)
		required = append(required, "opts ..."+options)
	}
	c.method(receiver, name, required, typeOf(result(d)))
}

// result is what a function returns beside an error.
func result(d *ast.FuncDecl) ast.Expr { return d.Type.Results.List[0].Type }

// method adds a method. What isn't an object is asked for at once, and so needs
// a context and can fail.
func (c *client) method(receiver, name string, arguments []string, returned string) {
	var results string
	switch object := strings.TrimPrefix(returned, "*"); {
	case returned == "error":
		arguments, results = append([]string{"ctx context.Context"}, arguments...), "error"
	case object == returned:
		arguments, results = append([]string{"ctx context.Context"}, arguments...), "("+returned+", error)"
	default:
		results = "*" + c.object(object)
	}
	fmt.Fprintf(&c.code, "\nfunc (r *%s) %s(%s) %s { panic(r) }\n",
		receiver, name, strings.Join(arguments, ", "), results)
}

// arguments returns the required ones, and the optional ones as fields.
func (c *client) arguments(s source, parameters *ast.FieldList) (required []string, optional string) {
	pragma := regexp.MustCompile(`(?m)^\+(optional|default|defaultPath)\b`)
	for _, parameter := range parameters.List {
		argument := typeOf(parameter.Type)
		if argument == "context.Context" {
			continue
		}
		for _, name := range parameter.Names {
			line := s.files.Position(name.Pos()).Line
			if pragma.MatchString(s.above[line]) || pragma.MatchString(s.aside[line]) {
				optional += fmt.Sprintf("\t%s %s\n", c.public(name.Name), argument)
			} else {
				required = append(required, name.Name+" "+argument)
			}
		}
	}
	return required, optional
}

// objects adds the objects that a declaration has, and methods for their public
// fields.
func (c *client) objects(d *ast.GenDecl) {
	for _, spec := range d.Specs {
		object, isType := spec.(*ast.TypeSpec)
		if !isType || !object.Name.IsExported() {
			continue
		}
		fields, isStruct := object.Type.(*ast.StructType)
		if !isStruct {
			continue
		}
		receiver := c.object(object.Name.Name)
		fmt.Fprintf(&c.code, "\ntype %s struct{}\n", receiver)
		for _, field := range fields.Fields.List {
			for _, name := range field.Names {
				if !strings.Contains(field.Doc.Text(), "+private") {
					c.method(receiver, c.public(name.Name), nil, typeOf(field.Type))
				}
			}
		}
	}
}

// object is the name of one of the module's objects; those of the core keep
// theirs.
func (c *client) object(name string) string {
	name = strings.TrimPrefix(name, "*")
	for _, s := range c.source {
		for _, declaration := range s.file.Decls {
			if d, ok := declaration.(*ast.GenDecl); ok && declares(d, name) && name != c.module {
				return c.module + name
			}
		}
	}
	return name
}

func declares(d *ast.GenDecl, name string) bool {
	return slices.ContainsFunc(d.Specs, func(spec ast.Spec) bool {
		object, isType := spec.(*ast.TypeSpec)
		return isType && object.Name.Name == name
	})
}

// typeOf is a type as the generated package writes it.
func typeOf(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.StarExpr:
		return "*" + typeOf(e.X)
	case *ast.ArrayType:
		return "[]" + typeOf(e.Elt)
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok && x.Name != "dagger" {
			return x.Name + "." + e.Sel.Name
		}
		return e.Sel.Name
	case *ast.Ident:
		return e.Name
	}
	panic(fmt.Sprintf("the module's functions have a %T", expression))
}

// public is the generated name: initialisms are in capitals, and so is what
// comes after a number (github.com/iancoleman/strcase, ToLowerCamel).
func (c *client) public(name string) string {
	runes := []rune(name)
	for i := range runes {
		if i == 0 || unicode.IsDigit(runes[i-1]) {
			runes[i] = unicode.ToUpper(runes[i])
		}
	}
	return regexp.MustCompile(`(Api|Http|Id|Url)([A-Z]|$)`).ReplaceAllStringFunc(string(runes), strings.ToUpper)
}
