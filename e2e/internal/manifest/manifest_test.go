package manifest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"container-signing/e2e/internal/manifest"
	"container-signing/internal/hint"
)

// documents returns each document as "NUMBER JSON", and the error as
// "NUMBER: ERROR".
func documents(content string) (all []string) {
	for document, err := range manifest.Documents([]byte(content)) {
		if err != nil {
			all = append(all, fmt.Sprintf("%d: %v", document.Number, err))
		} else {
			all = append(all, fmt.Sprintf("%d %s", document.Number, document.JSON))
		}
	}
	return all
}

func TestDocuments(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		content string
		want    []string
	}{
		"nothing":             {"", nil},
		"comments":            {"# one\n---\n# two\n---\n", nil},
		"one":                 {"a: 1", []string{`1 {"a":1}`}},
		"two":                 {"a: 1\n---\nb: 2\n", []string{`1 {"a":1}`, `2 {"b":2}`}},
		"empty ones between":  {"---\n---\na: 1\n---\n# why\n---\nb: 2\n---\n", []string{`1 {"a":1}`, `2 {"b":2}`}},
		"comments on dashes":  {"a: 1\n--- # and\nb: 2\n", []string{`1 {"a":1}`, `2 {"b":2}`}},
		"Windows' line ends":  {"a: 1\r\n---\r\nb: 2\r\n", []string{`1 {"a":1}`, `2 {"b":2}`}},
		"byte order mark":     {"\ufeffa: 1\n", []string{`1 {"a":1}`}},
		"dashes in a block":   {"a: |\n  x\n  ---\n  y\n", []string{`1 {"a":"x\n---\ny\n"}`}},
		"JSON":                {"{\"a\": 1}\n", []string{`1 {"a":1}`}},
		"large numbers":       {"a: 9007199254740993\n", []string{`1 {"a":9007199254740993}`}},
		"the end marked":      {"a: 1\n...\n", []string{`1 {"a":1}`}},
		"few aliases":         {"a: &x [1]\nb: *x\n", []string{`1 {"a":[1],"b":[1]}`}},
		"a document dropped":  {"a: 1\n...\nb: 2\n", []string{"1: something follows its end"}},
		"an object dropped":   {`{"a": 1}{"b": 2}`, []string{"1: something follows its end"}},
		"dropped in a second": {"a: 1\n---\nb: 2\n...\nc: 3\n", []string{`1 {"a":1}`, "2: something follows its end"}},
		"text on dashes":      {"a: 1\n--- {b: 2}\n", []string{"1: invalid Yaml document separator: {b: 2}"}},
		"a key twice":         {"a: 1\na: 2\n", []string{"1: it isn't YAML: yaml: unmarshal errors:\n  line 2: key \"a\" already set in map"}},
		"a key twice, deep":   {"a: {b: {c: 1, c: 2}}\n", []string{"1: it isn't YAML: yaml: unmarshal errors:\n  line 1: key \"c\" already set in map"}},
		"in JSON":             {`{"a": 1, "a": 2}`, []string{"1: it isn't YAML: yaml: unmarshal errors:\n  line 1: key \"a\" already set in map"}},
		"after a fault":       {"{\n---\na: 1\n", []string{"1: it isn't YAML: yaml: line 1: did not find expected node content"}},
	} {
		if got := documents(c.content); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// TestDocumentsEnds stops when nobody wants more.
func TestDocumentsEnds(t *testing.T) {
	t.Parallel()
	for document, err := range manifest.Documents([]byte("a: 1\n---\n{")) {
		if err != nil || document.Number != 1 {
			t.Errorf("document %d: %v", document.Number, err)
		}
		break
	}
}

// TestBombs reads what is small and would become large.
func TestBombs(t *testing.T) {
	t.Parallel()
	laughs := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		before := fmt.Sprintf("*%c,", c-1)
		laughs += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.Repeat(before, 9))
	}
	for name, content := range map[string]string{
		"billion laughs": laughs,
		"deep list":      "a: " + strings.Repeat("[", 100_000),
		"deep map":       strings.Repeat("{a: ", 100_000),
		"itself":         "a: &a [*a]\n",
		"merged keys":    "a: &a {b: 1}\nc: {<<: *nobody}\n",
		"unknown tag":    "a: !!python/object:os.system {}\n---\n!!binary x\n",
		"binary":         "\x7fELF\x00\x01",
		"bad UTF-8":      "a: \xff\n",
	} {
		got := documents(content)
		if len(got) == 0 || !strings.Contains(got[len(got)-1], "it isn't YAML: ") {
			t.Errorf("%s: got %.200q", name, got)
		}
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string, size int) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(strings.Repeat("#", size)), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	if content, err := manifest.Read(write("large", manifest.SizeLimit)); err != nil || len(content) != manifest.SizeLimit {
		t.Errorf("%d bytes, %v", len(content), err)
	}
	pipe, loop := filepath.Join(dir, "pipe"), filepath.Join(dir, "loop")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(loop, loop); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "none"):               "no such file or directory",
		dir:                                      "it is no regular file",
		pipe:                                     "it is no regular file", // and nobody waits for a writer
		"/dev/zero":                              "it is no regular file",
		loop:                                     "too many levels of symbolic links",
		write("too-large", manifest.SizeLimit+1): "it has 3145729 bytes, and a manifest may have 3145728",
		"nul\x00byte":                            "invalid argument",
	} {
		if content, err := manifest.Read(path); content != nil || err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %q", path, err, want)
		}
	}
}

// TestAdvice says how to separate documents.
func TestAdvice(t *testing.T) {
	t.Parallel()
	for _, err := range manifest.Documents([]byte("a: 1\n...\nb: 2\n")) {
		if err == nil || !slices.Equal(hint.Of(err), []string{"separate documents by a line of three dashes"}) {
			t.Errorf("got %v, %q", err, hint.Of(err))
		}
	}
}

// FuzzDocuments looks for content that makes the reader panic, or that has
// documents of which none are numbered in their order.
func FuzzDocuments(f *testing.F) {
	f.Add([]byte("a: 1\n---\n# why\n---\nb: 2\n...\n"))
	f.Add([]byte(`{"a": 1}{"b": 2}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		number := 0
		for document, err := range manifest.Documents(content) {
			if number++; document.Number != number || (err == nil) != (len(document.JSON) > 0) {
				t.Errorf("document %d is numbered %d: %q, %v", number, document.Number, document.JSON, err)
			}
		}
	})
}
