package surface

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHelp makes sure that the CLI shows the module's texts as they are meant.
func TestHelp(t *testing.T) {
	texts, err := Texts("../..")
	if err != nil {
		t.Fatal(err)
	}
	arguments := 0
	for _, text := range texts {
		if text.Argument {
			arguments++
		}
		if err := text.Fault(); err != nil {
			t.Errorf("%s %v: %q", text.Of, err, text.Content)
		}
	}
	if arguments < 80 || len(texts)-arguments < 20 {
		t.Errorf("only %d texts were read, %d of them of arguments", len(texts), arguments)
	}
}

// sameArguments are arguments of several functions that mean the same in all of
// them.
var sameArguments = map[string]bool{
	"registry": true, "to-registry": true, "registry-credentials": true, "plain-http": true, "to-plain-http": true,
	"certificate-chain": true, "key": true, "secrets": true, "policy": true, "node": true, "registry-address": true,
}

// otherwise are the functions whose arguments of these names mean something
// else.
var otherwise = map[string]bool{
	"ContainerSigning.cluster --registry": true, "ContainerSigning.admit --registry": true,
	"ContainerSigning.cluster --node":              true,
	"ContainerSigning.copy --registry-credentials": true, "Signed.copy --registry-credentials": true,
}

// TestSameArguments makes sure that what has to be written down for each
// function is written down alike.
func TestSameArguments(t *testing.T) {
	texts, err := Texts("../..")
	if err != nil {
		t.Fatal(err)
	}
	first := map[string]Text{}
	repeated := 0
	for _, text := range texts {
		_, argument, found := strings.Cut(text.Of, " --")
		if !found || !sameArguments[argument] || otherwise[text.Of] {
			continue
		}
		before, seen := first[argument]
		if !seen {
			first[argument] = text
			continue
		}
		repeated++
		if before.Content != text.Content {
			t.Errorf("%s is %q, and %s is %q", before.Of, before.Content, text.Of, text.Content)
		}
	}
	if repeated < 20 {
		t.Errorf("only %d arguments were compared", repeated)
	}
}

// TestTexts makes sure that each text is found, and each fault of it.
func TestTexts(t *testing.T) {
	const module = `// Do things
//
// With a second paragraph that is
// wrapped.
package main

// A thing that does all it can, and whose comment goes on
// here
type Thing struct {
	// Its name, or ` + "`none`" + `.
	Name string
	// +private
	Hidden string
}

// %s
func (t *Thing) Do(
	ctx context.Context,
	// What to do, and
	// how to do it.
	what string,
	// How often.
	//
	// +default=1
	times int,
	// Whether.
	really bool, // +optional
	silent bool,
) {
	// Not of an argument.
	inside()
}

// notShown isn't
// looked at.
func notShown(of string) {}

func New(
	// Where.
	where string,
) *Thing { return nil }
`
	folder := t.TempDir()
	long := strings.Repeat("x", longestSummary+1)
	content := []byte(strings.Replace(module, "%s", long, 1))
	if err := os.WriteFile(filepath.Join(folder, "main.go"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	texts, err := Texts(folder)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"the module": "", "New --where": "", "Thing.do --times": "", "Thing.do --really": "",
		"Thing":             "isn't all of its first paragraph",
		"Thing.name":        "in backquotes",
		"Thing.do":          "more than 72 characters",
		"Thing.do --what":   "wrapped by hand",
		"Thing.do --silent": "has no comment",
	}
	for _, text := range texts {
		says, known := want[text.Of]
		delete(want, text.Of)
		if err := text.Fault(); !known || (err == nil) != (says == "") ||
			err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s, %q: %v", text.Of, text.Content, err)
		}
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}
