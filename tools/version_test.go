package tools

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVersions(t *testing.T) {
	versions, err := Versions()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modules {
		if m.upstream != "" && !strings.HasPrefix(versions[m.name], "v") {
			t.Errorf("the version of %s is %q", m.name, versions[m.name])
		}
	}
}

// TestVersionsOfSpoiltPins finds what a person may have done to a go.mod.
func TestVersionsOfSpoiltPins(t *testing.T) {
	source := sampleProject(t)
	if versions, err := Versions(); err != nil || len(versions) != 1 || versions["pinned"] != upstreamVersion {
		t.Fatalf("the versions are %v (%v)", versions, err)
	}
	for content, says := range map[string]string{
		"module x\n\ngo 1.26.0\n": "it doesn't require " + upstreamPath,
		"module x\n\nrequire\n":   "reading what pins pinned",
	} {
		writeFiles(t, source, map[string]string{"pinned/go.mod": content})
		if _, err := Versions(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("of %q it says %v", content, err)
		}
	}
	if err := os.Remove(filepath.Join(source, "pinned", "go.mod")); err != nil {
		t.Fatal(err)
	}
	if _, err := Versions(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without go.mod it says %v", err)
	}
	t.Chdir(t.TempDir())
	if _, err := Versions(); err == nil {
		t.Error("there are versions outside of the source")
	}
}
