// Package docs_test keeps the documentation true: that its links lead
// somewhere, that its commands do what it says, and that the flags and messages
// it names are those of the programs.
package docs_test

import (
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"container-signing/internal/page"
)

// root is the project's folder.
const root = ".."

// pages reads all pages of the documentation, by their path from the root.
func pages(t *testing.T) map[string]page.Page {
	t.Helper()
	read := map[string]page.Page{}
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			name, err := filepath.Rel(root, path)
			if err != nil {
				t.Fatal(err)
			}
			if read[name], err = page.Read(path); err != nil {
				t.Fatal(err)
			}
		}
	}
	return read
}

// TestLinks follows the links between the pages and to files: the file has to be
// there, and the heading in it.
func TestLinks(t *testing.T) {
	all := pages(t)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		for _, link := range all[name].Links {
			if fault := follow(all, name, link); fault != "" {
				t.Errorf("%s links %s: %s", name, link, fault)
			}
		}
	}
}

// follow returns what is wrong with a link of a page.
func follow(all map[string]page.Page, from, link string) string {
	target, err := url.Parse(link)
	switch {
	case err != nil:
		return err.Error()
	case target.Scheme == "https":
		return "" // someone else's page
	case target.Scheme != "" || strings.HasPrefix(target.Path, "/"):
		return "it is neither https nor relative"
	}
	name := from
	if target.Path != "" {
		name = filepath.Join(filepath.Dir(from), target.Path)
	}
	to, isPage := all[name]
	if _, err := os.Stat(filepath.Join(root, name)); !isPage && err != nil {
		return "it isn't there"
	}
	if target.Fragment != "" && (!isPage || !to.HasAnchor(target.Fragment)) {
		return "there is no such heading"
	}
	return ""
}

// TestFollow makes sure that links which lead nowhere are noticed.
func TestFollow(t *testing.T) {
	here, err := page.Parse("docs/here.md", []byte("# A heading\n"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]page.Page{"docs/here.md": here}
	for link, wanted := range map[string]string{
		"https://example.com/x#y": "", "../go.mod": "", "../plugin": "", "#a-heading": "",
		"go.mod": "isn't there", "nowhere.md": "isn't there",
		"#another": "no such heading", "../go.mod#x": "no such heading",
		"/etc": "neither", "http://example.com/": "neither",
	} {
		if got := follow(all, "docs/here.md", link); (got == "") != (wanted == "") || !strings.Contains(got, wanted) {
			t.Errorf("%s: %q, not %q", link, got, wanted)
		}
	}
}

// TestPagesAreFound makes sure that each page of docs/ has a link in the README
// or in a page that it links.
func TestPagesAreFound(t *testing.T) {
	all := pages(t)
	found := map[string]bool{"README.md": true}
	for queue := []string{"README.md"}; len(queue) > 0; queue = queue[1:] {
		for _, link := range all[queue[0]].Links {
			path, _, _ := strings.Cut(link, "#")
			name := filepath.Join(filepath.Dir(queue[0]), path)
			if _, isPage := all[name]; isPage && !found[name] {
				found[name] = true
				queue = append(queue, name)
			}
		}
	}
	for name := range all {
		if !found[name] {
			t.Errorf("no link leads to %s", name)
		}
	}
}

// TestREADMEIsShort keeps what a newcomer sees first to what a newcomer needs.
func TestREADMEIsShort(t *testing.T) {
	const limit = 8 << 10 // bytes
	info, err := os.Stat(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > limit {
		t.Errorf("README.md has %d bytes, more than %d: a page of docs/ answers one question each", info.Size(), limit)
	}
}

// runBy names, for each page that has commands, what runs them.
var runBy = map[string]string{
	"README.md":           ".ci/run, and the dagger workflow",
	"CONTRIBUTING.md":     "TestCommandLines: they are those of .ci/run, and of the other pages",
	"docs/attacks.md":     "TestAttacks",
	"docs/dagger.md":      "ci/internal/surface, and the dagger workflow",
	"docs/faults.md":      "TestCommandLines",
	"docs/policies.md":    "TestPolicies",
	"docs/running.md":     "TestCommandLines",
	"docs/second-lock.md": "plugin/image-verifier: TestInstallation, and the tests of internal/doctor",
	"docs/signers.md":     "TestSigners",
}

// TestCommandsAreRun makes sure that no page has commands that nobody tries.
func TestCommandsAreRun(t *testing.T) {
	for name, p := range pages(t) {
		if p.Commands("") != "" && runBy[name] == "" {
			t.Errorf("nothing runs the commands of %s: test them, and say in runBy where", name)
		}
	}
}

// TestMap makes sure that CONTRIBUTING.md has each package below internal/ and
// e2e/internal/ on its map, and no other.
func TestMap(t *testing.T) {
	named := map[string]bool{}
	for _, table := range pages(t)["CONTRIBUTING.md"].Tables {
		for _, row := range table.Rows[1:] {
			for name := range strings.SplitSeq(row[0], ", ") {
				named[strings.TrimSuffix(name, "/")] = true
			}
			if _, names, found := strings.Cut(row[1], "what several of them need: "); found {
				for name := range strings.SplitSeq(names, ", ") {
					named[name] = true
				}
			}
		}
	}
	for _, folder := range []string{"internal", "e2e/internal"} {
		entries, err := os.ReadDir(filepath.Join(root, folder))
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			if !named[entry.Name()] {
				t.Errorf("CONTRIBUTING.md doesn't name the package %s/%s", folder, entry.Name())
			}
			delete(named, entry.Name())
		}
	}
	for name := range named {
		if _, err := os.Stat(filepath.Join(root, name)); err != nil {
			t.Errorf("CONTRIBUTING.md names %s, which isn't there", name)
		}
	}
}
