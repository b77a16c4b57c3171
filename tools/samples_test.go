package tools

import (
	"archive/zip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/mod/sumdb/dirhash"

	"container-signing/internal/hint"
)

// The samples are modules that the real go command builds in a second, without
// any network: what is tested with them is how tools are built, not what.
const (
	upstreamPath    = "example.invalid/upstream"
	upstreamVersion = "v1.2.3"
)

// own is a program of the project's own.
var own = module{name: "own", programs: map[string]string{"own": "container-signing/tools/own"}}

// pinned is a program, and manifests, of an upstream module.
var pinned = module{
	name: "pinned", upstream: upstreamPath,
	programs:         map[string]string{"hello": upstreamPath + "/cmd/hello/v2"},
	assets:           map[string]string{"manifests": "config"},
	versionVariables: func(version string) map[string]string { return map[string]string{"main.version": version} },
}

// writeFiles writes files below a folder, by their names.
func writeFiles(t *testing.T, folder string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// sampleProject makes a project whose tools are the samples, for this test, and
// gives it an empty cache. It returns the folder of the tools.
func sampleProject(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	writeFiles(t, root, map[string]string{
		"tools/notation/go.mod": "module notation\n",
		"tools/own/go.mod":      "module container-signing/tools/own\n\ngo 1.26.0\n",
		"tools/own/main.go":     "package main\n\nfunc main() { println(\"hello\") }\n",
		"tools/pinned/go.mod": "module container-signing/tools/pinned\n\ngo 1.26.0\n\n" +
			"tool " + upstreamPath + "/cmd/hello/v2\n\n" +
			"require " + upstreamPath + " " + upstreamVersion + " // indirect\n",
		"tools/pinned/go.sum": serveUpstream(t),
	})
	t.Chdir(root)
	before := modules
	modules = []module{own, pinned}
	t.Cleanup(func() { modules = before })
	emptyCache(t)
	return filepath.Join(root, "tools")
}

// serveUpstream makes the go command find the upstream module, and returns its
// lines of go.sum.
func serveUpstream(t *testing.T) string {
	t.Helper()
	proxy, downloaded := t.TempDir(), t.TempDir()
	t.Setenv("GOPROXY", "file://"+proxy)
	t.Setenv("GONOSUMDB", "example.invalid")
	t.Setenv("GOMODCACHE", downloaded)
	t.Cleanup(func() { makeWritable(t, downloaded) })
	gomod := "module " + upstreamPath + "\n\ngo 1.26.0\n"
	at := filepath.Join(proxy, upstreamPath, "@v", upstreamVersion)
	writeFiles(t, filepath.Dir(at), map[string]string{
		upstreamVersion + ".mod":  gomod,
		upstreamVersion + ".info": `{"Version":"` + upstreamVersion + `"}`,
	})
	writeModule(t, at+".zip", map[string]string{
		"go.mod":                gomod,
		"cmd/hello/v2/main.go":  "package main\n\nvar version string\n\nfunc main() { println(version) }\n",
		"config/a/widget.yaml":  "kind: Widget\n",
		"config/gadget.yaml":    "kind: Gadget\n",
		"config/a/README.md":    "Not a manifest.\n",
		"config/none/notes.txt": "Not a manifest.\n",
	})
	whole, err := dirhash.HashZip(at+".zip", dirhash.Hash1)
	if err != nil {
		t.Fatal(err)
	}
	file, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) { return os.Open(at + ".mod") })
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s %s %s\n%[1]s %[2]s/go.mod %[4]s\n", upstreamPath, upstreamVersion, whole, file)
}

// writeModule writes a module's files as a module proxy serves them.
func writeModule(t *testing.T, path string, files map[string]string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	archive := zip.NewWriter(file)
	for name, content := range files {
		entry, err := archive.Create(upstreamPath + "@" + upstreamVersion + "/" + name)
		if err == nil {
			_, err = entry.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

// makeWritable lets a module cache be removed by who isn't root.
func makeWritable(t *testing.T, folder string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			err = os.Chmod(path, 0o755)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// emptyCache gives a test a cache of its own. What the go command has compiled
// is reused, so that a build there is little more than linking.
func emptyCache(t *testing.T) {
	t.Helper()
	compiled, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("GOCACHE") == "" {
		t.Setenv("GOCACHE", filepath.Join(compiled, "go-build"))
	}
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
}

// checkError looks for words in an error and its hints.
func checkError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("there is no error that says %q", words)
	}
	for _, word := range words {
		if !strings.Contains(hint.Text(err), word) {
			t.Errorf("it doesn't say %q: %s", word, hint.Text(err))
		}
	}
}

// checkOutput compares what a program says.
func checkOutput(t *testing.T, program, want string) {
	t.Helper()
	output, err := exec.Command(program).CombinedOutput()
	if err != nil || string(output) != want {
		t.Errorf("%s says %q (%v), not %q", program, output, err, want)
	}
}

// openedCache is what Build uses as its cache.
func openedCache(t *testing.T) cache {
	t.Helper()
	c, err := openCache()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// left lists what a cache holds beside its locks.
func left(t *testing.T, c cache) []string {
	t.Helper()
	entries, err := os.ReadDir(string(c))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".lock") {
			names = append(names, entry.Name())
		}
	}
	return names
}

// onFirstWrite calls a function when something is written to it.
type onFirstWrite struct {
	once sync.Once
	call func()
}

func (w *onFirstWrite) Write(p []byte) (int, error) {
	w.once.Do(w.call)
	return len(p), nil
}
