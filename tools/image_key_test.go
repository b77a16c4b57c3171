package tools

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestKeyOfThePublishedTools asks the script that looks for an image of the
// tools: what decides what is built has to change the image's address, what
// doesn't must not, since then all is compiled anew.
func TestKeyOfThePublishedTools(t *testing.T) {
	for _, program := range []string{"bash", "git"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	copied := t.TempDir()
	for _, folder := range []string{".github", "ci", "internal", "tools"} {
		if err := os.CopyFS(filepath.Join(copied, folder), os.DirFS(filepath.Join(root, folder))); err != nil {
			t.Fatal(err)
		}
	}
	writeFiles(t, copied, map[string]string{"go.mod": "", "README.md": "", "e2e/main.go": ""})
	address := addresses(t, copied)
	before := address()
	for file, counts := range map[string]bool{
		"tools/kubernetes/go.sum": true, "tools/pause/main.go": true, "tools/cache.go": true,
		"go.mod": true, "ci/tools.go": true, "ci/internal/toolset/toolset.go": true,
		"tools/cache_test.go": false, "tools/check/actionlint/go.sum": false,
		"README.md": false, "e2e/main.go": false,
	} {
		if address() != before {
			t.Fatal("the address changes by itself")
		}
		change(t, filepath.Join(copied, file), func() {
			if changed := address() != before; changed != counts {
				t.Errorf("a change of %s changes the address: %v, not %v", file, changed, counts)
			}
		})
	}
	const folders = "{{if .Module}}{{if .Module.Main}}{{.Dir}}{{end}}{{end}}"
	for _, pkg := range strings.Fields(goList(t, "-deps", "-f", folders, "./tools/build")) {
		folder, err := filepath.Rel(root, pkg)
		if err != nil {
			t.Fatal(err)
		}
		writeFiles(t, copied, map[string]string{filepath.Join(folder, "added.go"): "package added\n"})
		if address() == before {
			t.Errorf("the builder of the tools uses %s, which doesn't count", folder)
		}
		if err := os.Remove(filepath.Join(copied, folder, "added.go")); err != nil {
			t.Fatal(err)
		}
	}
}

// addresses returns a function that runs the script on the files of a folder.
func addresses(t *testing.T, folder string) func() string {
	t.Helper()
	git := func(args ...string) {
		t.Helper()
		command := exec.Command("git", args...)
		command.Dir = folder
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, output)
		}
	}
	git("init", "--quiet")
	// The image isn't there, and no registry is asked.
	path := t.TempDir()
	if err := os.WriteFile(filepath.Join(path, "docker"), []byte("#!/bin/sh\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", path+":"+os.Getenv("PATH"))
	return func() string {
		t.Helper()
		git("add", "--all", "--force")
		command := exec.Command("bash", ".github/tools-image.sh", "registry.invalid/tools")
		command.Dir, command.Stderr = folder, t.Output()
		output, err := command.Output()
		address, rest, _ := strings.Cut(string(output), "\n")
		if err != nil || !strings.HasPrefix(address, "address=registry.invalid/tools:") || rest != "published=\n" {
			t.Fatalf("it says %q (%v)", output, err)
		}
		return address
	}
}

// change changes a file while f runs.
func change(t *testing.T, path string, f func()) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, write := range [][]byte{append(content, "changed"...), content} {
		if err := os.WriteFile(path, write, 0o600); err != nil {
			t.Fatal(err)
		}
		if len(write) > len(content) {
			f()
		}
	}
}

func goList(t *testing.T, args ...string) string {
	t.Helper()
	root, err := Root()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command("go", append([]string{"list"}, args...)...)
	command.Dir = root
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(output)
}
