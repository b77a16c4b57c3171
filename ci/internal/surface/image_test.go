package surface

import (
	"go/version"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// TestGoImage makes sure that the Go image is named by digest, and that its Go
// is new enough for all that is built in it: it downloads no other one.
func TestGoImage(t *testing.T) {
	main, err := os.ReadFile("../../main.go")
	if err != nil {
		t.Fatal(err)
	}
	image := regexp.MustCompile(`\+default="golang:(\d+\.\d+\.\d+)-[a-z]+@sha256:[0-9a-f]{64}"`).FindSubmatch(main)
	if image == nil {
		t.Fatal("the Go image isn't named by an exact release and its digest")
	}
	release := "go" + string(image[1])
	var modules []string
	for _, pattern := range []string{"go.mod", "ci/go.mod", "tools/*/go.mod", "tools/*/*/go.mod"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		modules = slices.Concat(modules, found)
	}
	if len(modules) < 10 {
		t.Errorf("only %d modules were looked at", len(modules))
	}
	for _, module := range modules {
		content, err := os.ReadFile(module)
		if err != nil {
			t.Fatal(err)
		}
		wanted := regexp.MustCompile(`(?m)^go (\S+)$`).FindSubmatch(content)
		if wanted == nil || !version.IsValid("go"+string(wanted[1])) {
			t.Errorf("%s names no Go release", module)
		} else if version.Compare(release, "go"+string(wanted[1])) < 0 {
			t.Errorf("%s wants go%s, and the image has %s", module, wanted[1], release)
		}
	}
}
