package page

import (
	"reflect"
	"testing"
)

const source = "# A page, *and* `code`\n\n" +
	"See [there](docs/there.md#what-it-is), ![picture](x.png), <https://example.com/>\nand `[not](a-link)`.\n\n" +
	"## What it is\n\n```sh\necho 1 | cat\n```\n\n```\n$ output [not](a-link)\n```\n\n" +
	"## What it is\n\n```sh\necho 2\n```\n\n```go\npackage main\n```\n\n" +
	"| flag | |\n|---|---|\n| `--a B`, `--c` | [x](y.md) |\n"

func read(t *testing.T) Page {
	t.Helper()
	p, err := Parse("page.md", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestHeadings(t *testing.T) {
	want := []Heading{{"A page, and code", "a-page-and-code"}, {"What it is", "what-it-is"},
		{"What it is", "what-it-is-1"}}
	if p := read(t); !reflect.DeepEqual(p.Headings, want) {
		t.Errorf("headings %q, not %q", p.Headings, want)
	} else if !p.HasAnchor("what-it-is-1") || p.HasAnchor("what-it-is-2") {
		t.Error("the anchors aren't those of the headings")
	}
}

func TestLinks(t *testing.T) {
	want := []string{"docs/there.md#what-it-is", "x.png", "https://example.com/", "y.md"}
	if p := read(t); !reflect.DeepEqual(p.Links, want) {
		t.Errorf("links %q, not %q", p.Links, want)
	}
}

func TestSpans(t *testing.T) {
	want := []string{"code", "[not](a-link)", "--a B", "--c"}
	if p := read(t); !reflect.DeepEqual(p.Spans, want) {
		t.Errorf("pieces of code %q, not %q", p.Spans, want)
	}
}

func TestCommands(t *testing.T) {
	p := read(t)
	for section, want := range map[string]string{"": "echo 1 | cat\necho 2\n", "What it is": "echo 1 | cat\necho 2\n",
		"A page, and code": ""} {
		if got := p.Commands(section); got != want {
			t.Errorf("commands of %q: %q, not %q", section, got, want)
		}
	}
}

func TestTables(t *testing.T) {
	want := []Table{{Rows: [][]string{{"flag", ""}, {"--a B, --c", "x"}}, Section: "What it is"}}
	if p := read(t); !reflect.DeepEqual(p.Tables, want) {
		t.Errorf("tables %q, not %q", p.Tables, want)
	}
}

func TestReadNothing(t *testing.T) {
	if _, err := Read("nowhere.md"); err == nil {
		t.Error("a page was read that isn't there")
	}
}
