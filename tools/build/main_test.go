package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"container-signing/tools"
)

func TestWrongCommandLines(t *testing.T) {
	for args, says := range map[string]string{
		"":                             "build: --output is missing\nhint: ",
		"notation":                     "build: --output is missing\nhint: ",
		"--output d --folder cobol":    `build: --folder "cobol" holds no tool of the chain`,
		"--output d --folder check":    `build: --folder "check" holds no tool of the chain`,
		"--output d --nosuch":          "build: flag provided but not defined: -nosuch\nhint: --help lists the flags",
		"--output d --folder check/..": "holds no tool of the chain",
	} {
		var stderr bytes.Buffer
		if status := build(t.Context(), &stderr, strings.Fields(args)); status != 2 {
			t.Errorf("exit status %d of %q, not 2", status, args)
		}
		if !strings.Contains(stderr.String(), says) {
			t.Errorf("%q says %q, not %q", args, &stderr, says)
		}
	}
}

func TestHelp(t *testing.T) {
	var stderr bytes.Buffer
	if status := build(t.Context(), &stderr, []string{"--help"}); status != 0 {
		t.Errorf("exit status %d", status)
	}
	for _, want := range []string{"Usage: go run ./tools/build", "-output folder", "-folder folder"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("it doesn't say %q: %s", want, &stderr)
		}
	}
}

func TestNamesOfFlags(t *testing.T) {
	for args, want := range map[string][]string{
		"--output d":                           tools.Chain(),
		"--output d oras ctr":                  {"oras", "ctr"},
		"--output d --folder runc":             {"runc"},
		"--output d --folder notation kubelet": {"kubelet", "notation"},
	} {
		output, names, err := parse(strings.Fields(args), nil)
		if err != nil || output != "d" || !slices.Equal(names, want) {
			t.Errorf("of %q it builds %v into %q (%v)", args, names, output, err)
		}
	}
}

// TestBuild builds the one tool that takes no time.
func TestBuild(t *testing.T) {
	t.Setenv(tools.FolderVariable, "")
	dir := t.TempDir()
	var stderr bytes.Buffer
	if status := build(t.Context(), &stderr, []string{"--output", dir, "--folder", "runc-unfiltered"}); status != 0 {
		t.Fatalf("exit status %d: %s", status, &stderr)
	}
	if _, err := os.Stat(filepath.Join(dir, "bin", "runc-unfiltered")); err != nil {
		t.Error(err)
	}
}

func TestBuildThatFails(t *testing.T) {
	interrupted, cancel := context.WithCancel(t.Context())
	cancel()
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv(tools.FolderVariable, "")
	dir := filepath.Join(t.TempDir(), "tools")
	for name, says := range map[string]string{"runc-unfiltered": "context canceled", "orsa": "unknown tool orsa"} {
		var stderr bytes.Buffer
		if status := build(interrupted, &stderr, []string{"--output", dir, name}); status != 1 {
			t.Errorf("exit status %d, not 1", status)
		}
		if !strings.Contains(stderr.String(), "build: ") || !strings.Contains(stderr.String(), says) {
			t.Errorf("it doesn't say %q: %s", says, &stderr)
		}
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a build that fails makes %s: %v", dir, err)
	}
}
