package surface

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"strings"
	"unicode/utf8"
)

// A Text is what the dagger CLI shows of the module, an object, a function or an
// argument.
type Text struct {
	// Of says whose it is, such as "ContainerSigning.sign --image".
	Of string
	// Content is the comment without its pragmas.
	Content string
	// Argument says that it is an argument's or a field's: those are wrapped to
	// the terminal. All others are shown in lists by their first line.
	Argument bool
}

// longestSummary is how wide a line of a list may be, beside a function's name.
const longestSummary = 72

// Fault tells why the CLI would show a text badly.
func (t Text) Fault() error {
	first, rest, more := strings.Cut(t.Content, "\n")
	switch {
	case t.Content == "":
		return errors.New("has no comment")
	case t.Argument && more:
		return errors.New("is wrapped by hand, which the CLI wraps again: write it on one line")
	case t.Argument && strings.Contains(t.Content, "`"):
		return errors.New("has a word in backquotes, which the CLI takes for the argument's type")
	case t.Argument:
		return nil
	case more && !strings.HasPrefix(rest, "\n"):
		return errors.New("has a first line that isn't all of its first paragraph, and only that line is in lists")
	case utf8.RuneCountInString(first) > longestSummary:
		return fmt.Errorf("has a first line of more than %d characters", longestSummary)
	}
	return nil
}

// Texts reads all texts of the module whose source is in a folder.
func Texts(folder string) ([]Text, error) {
	source, err := parse(folder)
	if err != nil {
		return nil, err
	}
	var texts []Text
	for _, file := range source.files {
		if file.Doc != nil {
			texts = append(texts, Text{Of: "the module", Content: withoutPragmas(file.Doc)})
		}
		for _, declaration := range file.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				texts = append(texts, source.ofFunction(file, d)...)
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if spec, ok := spec.(*ast.TypeSpec); ok && spec.Name.IsExported() {
						texts = append(texts, ofType(d, spec)...)
					}
				}
			}
		}
	}
	return texts, nil
}

// ofFunction reads the texts of a function and its arguments, if the CLI shows
// them. It doesn't show that of a constructor.
func (s source) ofFunction(file *ast.File, d *ast.FuncDecl) []Text {
	name, constructor := d.Name.Name, d.Recv == nil && d.Name.Name == "New"
	if d.Recv != nil && d.Name.IsExported() {
		name = typeName(d.Recv.List[0].Type) + "." + Kebab(name)
	} else if !constructor {
		return nil
	}
	var texts []Text
	if !constructor {
		texts = append(texts, Text{Of: name, Content: withoutPragmas(d.Doc)})
	}
	for _, parameter := range d.Type.Params.List {
		if typeName(parameter.Type) == "context.Context" {
			continue
		}
		for _, argument := range parameter.Names {
			comment := withoutPragmas(s.above(file, argument.Pos()))
			texts = append(texts, Text{Of: name + " --" + Kebab(argument.Name), Content: comment, Argument: true})
		}
	}
	return texts
}

// above is the comment that ends on the line before that of a position: the
// parser doesn't attach comments to parameters.
func (s source) above(file *ast.File, position token.Pos) *ast.CommentGroup {
	line := s.positions.Position(position).Line
	for _, comment := range file.Comments {
		if s.positions.Position(comment.End()).Line == line-1 && s.positions.Position(comment.Pos()).Column < 3 {
			return comment
		}
	}
	return nil
}

// ofType reads the texts of an object and its fields.
func ofType(d *ast.GenDecl, spec *ast.TypeSpec) []Text {
	comment := spec.Doc
	if comment == nil {
		comment = d.Doc
	}
	texts := []Text{{Of: spec.Name.Name, Content: withoutPragmas(comment)}}
	for _, field := range publicFields(spec) {
		for _, name := range field.Names {
			of := spec.Name.Name + "." + Kebab(name.Name)
			texts = append(texts, Text{Of: of, Content: withoutPragmas(field.Doc), Argument: true})
		}
	}
	return texts
}

// withoutPragmas is what a comment says to people. Pragmas are at its end.
func withoutPragmas(comment *ast.CommentGroup) string {
	text, _, _ := strings.Cut("\n"+comment.Text(), "\n+")
	return strings.TrimSpace(text)
}
