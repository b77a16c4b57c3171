// Package page reads a page of the documentation for tests: its headings, its
// links, and the commands that it tells a reader to type.
package page

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extended "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// A Page is a file in Markdown, with the tables that GitHub adds to it.
type Page struct {
	Path     string
	Headings []Heading
	// Links are where links and pictures lead, as they are written.
	Links []string
	// Spans are the pieces of code in sentences and tables.
	Spans  []string
	Blocks []Block
	Tables []Table
}

// A Heading and the anchor by which GitHub finds it.
type Heading struct {
	Text, Anchor string
}

// A Block is fenced code.
type Block struct {
	// Language is the word behind the fence, such as sh; it may be empty.
	Language string
	Text     string
	// Section is the text of the heading above it.
	Section string
}

// A Table has rows of cells in plain text. The first row is its head.
type Table struct {
	Rows    [][]string
	Section string
}

// Read reads a page.
func Read(path string) (Page, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return Page{}, fmt.Errorf("reading a page of the documentation: %w", err)
	}
	return Parse(path, source)
}

// Parse reads a page from its source.
func Parse(path string, source []byte) (Page, error) {
	r := reader{source: source, page: Page{Path: path}, seen: map[string]int{}}
	document := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(source))
	if err := ast.Walk(document, r.visit); err != nil {
		return Page{}, fmt.Errorf("reading %s: %w", path, err)
	}
	return r.page, nil
}

// Commands returns the blocks of shell commands below a heading, or of the whole
// page if none is named, one after the other as a reader types them.
func (p Page) Commands(section string) string {
	var commands strings.Builder
	for _, block := range p.Blocks {
		if block.Language == "sh" && (section == "" || block.Section == section) {
			commands.WriteString(block.Text)
		}
	}
	return commands.String()
}

// HasAnchor tells whether a link may end in #anchor.
func (p Page) HasAnchor(anchor string) bool {
	for _, heading := range p.Headings {
		if heading.Anchor == anchor {
			return true
		}
	}
	return false
}

// A reader collects what a page has, from top to bottom.
type reader struct {
	source  []byte
	page    Page
	section string
	seen    map[string]int // anchors, and how often
}

func (r *reader) visit(node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	switch n := node.(type) {
	case *ast.Heading:
		r.section = r.plain(n)
		r.page.Headings = append(r.page.Headings, Heading{r.section, r.anchor(r.section)})
	case *ast.Link:
		r.page.Links = append(r.page.Links, string(n.Destination))
	case *ast.Image:
		r.page.Links = append(r.page.Links, string(n.Destination))
	case *ast.AutoLink:
		r.page.Links = append(r.page.Links, string(n.URL(r.source)))
	case *ast.CodeSpan:
		r.page.Spans = append(r.page.Spans, r.plain(n))
	case *ast.FencedCodeBlock:
		block := Block{Language: string(n.Language(r.source)), Text: string(n.Lines().Value(r.source)),
			Section: r.section}
		r.page.Blocks = append(r.page.Blocks, block)
	case *extended.Table:
		r.page.Tables = append(r.page.Tables, r.table(n))
	}
	return ast.WalkContinue, nil
}

func (r *reader) table(node ast.Node) Table {
	table := Table{Section: r.section}
	for row := node.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			cells = append(cells, r.plain(cell))
		}
		table.Rows = append(table.Rows, cells)
	}
	return table
}

// plain returns the text in a node without its markup.
func (r *reader) plain(node ast.Node) string {
	var plain strings.Builder
	for child := node.FirstChild(); child != nil; child = child.NextSibling() {
		switch c := child.(type) {
		case *ast.Text:
			plain.Write(c.Segment.Value(r.source))
			if c.SoftLineBreak() {
				plain.WriteByte(' ')
			}
		case *ast.String:
			plain.Write(c.Value)
		default:
			plain.WriteString(r.plain(child))
		}
	}
	return plain.String()
}

// anchor makes GitHub's anchor of a heading: letters, digits, dashes and
// underscores of it in lower case, with dashes for spaces, and a number behind
// what was there before.
func (r *reader) anchor(heading string) string {
	anchor := strings.Map(func(c rune) rune {
		switch {
		case unicode.IsLetter(c) || unicode.IsDigit(c) || c == '-' || c == '_':
			return unicode.ToLower(c)
		case c == ' ':
			return '-'
		}
		return -1
	}, heading)
	before := r.seen[anchor]
	r.seen[anchor]++
	if before > 0 {
		return anchor + "-" + strconv.Itoa(before)
	}
	return anchor
}
