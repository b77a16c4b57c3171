package tools

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestKeyFollowsPin(t *testing.T) {
	source := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(source, "oras", name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(source, "oras"), 0o755); err != nil {
		t.Fatal(err)
	}
	folders := map[string]bool{}
	m := module{name: "oras", upstream: "oras.land/oras"}
	for _, pin := range [][2]string{{"a", "b"}, {"c", "b"}, {"c", "d"}} {
		write("go.mod", pin[0])
		write("go.sum", pin[1])
		folder, err := cache("").folder(source, m)
		if err != nil {
			t.Fatal(err)
		}
		folders[folder] = true
	}
	if len(folders) != 3 {
		t.Errorf("three states of go.mod and go.sum have the folders %v", folders)
	}
}

// TestKeyFollowsRecipe changes what is made of the same pins.
func TestKeyFollowsRecipe(t *testing.T) {
	source := sampleProject(t)
	seen := map[string]string{}
	for name, change := range map[string]func(m *module){
		"nothing":   func(*module) {},
		"programs":  func(m *module) { m.programs = map[string]string{"hello": upstreamPath + "/cmd/other"} },
		"platforms": func(m *module) { m.platforms = []string{"linux/amd64", "linux/arm64"} },
		"assets":    func(m *module) { m.assets = nil },
		"recipe":    func(m *module) { m.recipe = 1 },
		"upstream":  func(m *module) { m.upstream = "example.invalid/other" },
	} {
		m := pinned
		change(&m)
		folder, err := cache("").folder(source, m)
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[folder]; ok {
			t.Errorf("a change of %s has the folder of a change of %s", name, other)
		}
		seen[folder] = name
	}
}

func TestModuleWithoutItsPins(t *testing.T) {
	for m, file := range map[string]string{"own": "main.go", "pinned": "go.sum"} {
		source := sampleProject(t)
		if err := os.Remove(filepath.Join(source, m, file)); err != nil {
			t.Fatal(err)
		}
		_, err := Build(t.Context(), io.Discard, "own", "hello")
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "reading what pins "+m) {
			t.Errorf("without %s of %s: %v", file, m, err)
		}
	}
}

func TestCacheThatCantBeMade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ home, cache, says string }{
		"no home":         {"", "", "\nhint: set XDG_CACHE_HOME or HOME"},
		"a relative one":  {"/root", "here", "\nhint: set XDG_CACHE_HOME or HOME"},
		"a file":          {"/root", file, "\nhint: name another place in XDG_CACHE_HOME"},
		"a device's file": {"/root", "/dev/null", "\nhint: name another place in XDG_CACHE_HOME"},
	} {
		t.Run(name, func(t *testing.T) {
			sampleProject(t)
			t.Setenv("HOME", test.home)
			t.Setenv("XDG_CACHE_HOME", test.cache)
			_, err := Build(t.Context(), io.Discard, "own")
			checkError(t, err, "the folder for built tools", test.says)
		})
	}
}

// TestPublishKeepsNothingOfABuildInItsPlace replaces a build that is damaged.
func TestPublishKeepsNothingOfABuildInItsPlace(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{"old/damaged": "half", "new/whole": "all"})
	if err := publish(filepath.Join(dir, "new"), filepath.Join(dir, "old")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "old"))
	if err != nil || len(entries) != 1 || entries[0].Name() != "whole" {
		t.Errorf("in its place are %v (%v)", entries, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "old")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("others can't use it: %v, %v", info.Mode(), err)
	}
	err = publish(filepath.Join(dir, "no-such-build"), filepath.Join(dir, "final"))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a build that isn't there is published: %v", err)
	}
}
