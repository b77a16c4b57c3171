package toolset

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const root = "../../.."

// forChecks are folders of tools/ that only the checks need.
var forChecks = []string{"actionlint", "staticcheck"}

// TestFolders makes sure that every pinned tool is known, and that each known
// one is pinned.
func TestFolders(t *testing.T) {
	modules, err := filepath.Glob(filepath.Join(root, "tools", "*", "go.mod"))
	if err != nil || len(modules) == 0 {
		t.Fatalf("found no pinned tools: %v", err)
	}
	var pinned []string
	for _, module := range modules {
		if folder := filepath.Base(filepath.Dir(module)); !slices.Contains(forChecks, folder) {
			pinned = append(pinned, folder)
		}
	}
	if got := Folders(Chain); !slices.Equal(got, pinned) {
		t.Errorf("the chain is told to need %q, and tools/ pins %q", got, pinned)
	}
}

func TestUses(t *testing.T) {
	for needed, want := range map[Use]string{
		Signing:            "notation oras",
		Registry:           "registry",
		Cluster:            "etcd kubernetes kyverno notation oras",
		Signing | Making:   "busybox notation oras",
		Work:               "kubernetes notation oras",
		Node:               "cni containerd kubernetes pause runc runc-unfiltered",
		0:                  "",
		Registry | Signing: "notation oras registry",
	} {
		if got := strings.Join(Folders(needed), " "); got != want {
			t.Errorf("%b needs %s, not %s", needed, got, want)
		}
	}
}

// source is a source with the pins of all tools.
func source() fstest.MapFS {
	files := fstest.MapFS{"tools/tools.go": {Data: []byte("package tools")}}
	for _, folder := range Folders(Chain) {
		files["tools/"+folder+"/go.mod"] = &fstest.MapFile{Data: []byte("module " + folder)}
	}
	return files
}

func key(t *testing.T, files fstest.MapFS) string {
	t.Helper()
	key, err := Key(files)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestKey(t *testing.T) {
	before := key(t, source())
	if before != key(t, source()) {
		t.Error("the same pins have two keys")
	}
	for name, change := range map[string]func(fstest.MapFS){
		"a version":  func(s fstest.MapFS) { s["tools/oras/go.mod"].Data = []byte("module oras2") },
		"a checksum": func(s fstest.MapFS) { s["tools/oras/go.sum"] = &fstest.MapFile{Data: []byte("x")} },
		"a program":  func(s fstest.MapFS) { s["tools/pause/main.go"] = &fstest.MapFile{Data: []byte("x")} },
		"where it is": func(s fstest.MapFS) {
			s["tools/cni/go.mod"], s["tools/etcd/go.mod"] = s["tools/etcd/go.mod"], s["tools/cni/go.mod"]
		},
		"files swapped": func(s fstest.MapFS) {
			s["tools/cni/go.sum"], s["tools/cni/go.mod"] = s["tools/cni/go.mod"], &fstest.MapFile{}
		},
	} {
		changed := source()
		change(changed)
		if key(t, changed) == before {
			t.Errorf("another key isn't made by %s", name)
		}
	}
	for name, change := range map[string]func(fstest.MapFS){
		"a test":       func(s fstest.MapFS) { s["tools/oras/oras_test.go"] = &fstest.MapFile{Data: []byte("x")} },
		"a check tool": func(s fstest.MapFS) { s["tools/actionlint/go.mod"] = &fstest.MapFile{Data: []byte("x")} },
		"a mode":       func(s fstest.MapFS) { s["tools/oras/go.mod"].Mode = 0o600 },
	} {
		changed := source()
		change(changed)
		if key(t, changed) != before {
			t.Errorf("another key is made by %s", name)
		}
	}
	incomplete := source()
	delete(incomplete, "tools/kyverno/go.mod")
	if _, err := Key(incomplete); err == nil || !strings.Contains(err.Error(), "no tools/kyverno") {
		t.Errorf("a source without kyverno: %v", err)
	}
}

// TestKeyOfSource makes sure that the patterns let through what is read.
func TestKeyOfSource(t *testing.T) {
	filtered := fstest.MapFS{}
	for _, pattern := range PinPatterns() {
		names, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			relative, err := filepath.Rel(root, name)
			if err != nil {
				t.Fatal(err)
			}
			filtered[filepath.ToSlash(relative)] = &fstest.MapFile{Data: content}
		}
	}
	whole, err := Key(os.DirFS(root))
	if err != nil {
		t.Fatal(err)
	}
	if key(t, filtered) != whole {
		t.Error("what the patterns name has another key than the source")
	}
}

func TestCheckPublished(t *testing.T) {
	if err := CheckPublished("abc", "abc"); err != nil {
		t.Errorf("the right tools: %v", err)
	}
	for label, says := range map[string]string{
		"": "has no tools of this project", "abd": "tools of other pins: its key is abd, not abc",
	} {
		err := CheckPublished(label, "abc")
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "\nhint: ") {
			t.Errorf("label %q: %v", label, err)
		}
	}
}
