package tools

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"container-signing/internal/hint"
)

// TestUsersGoSettings are those that would build something else.
func TestUsersGoSettings(t *testing.T) {
	source := sampleProject(t)
	writeFiles(t, source, map[string]string{
		"own/other.go":   "//go:build other\n\npackage main\n\nfunc init() { println(\"other\") }\n",
		"../go.work":     "go 1.26.0\n\nuse ./nowhere\n",
		"nowhere/go.mod": "module nowhere\n",
	})
	t.Setenv("GOFLAGS", "-tags=other")
	t.Setenv("GOWORK", filepath.Join(source, "..", "go.work"))
	t.Setenv("CGO_ENABLED", "1")
	t.Setenv("GOTMPDIR", filepath.Join(source, "no-such-folder"))
	programs, err := Build(t.Context(), io.Discard, "own")
	if err != nil {
		t.Fatal(err)
	}
	checkOutput(t, programs["own"], "hello\n")
}

// fakeGo puts a script in the place of the go command.
func fakeGo(t *testing.T, script string) goCommand {
	t.Helper()
	path := t.TempDir()
	if err := os.WriteFile(filepath.Join(path, "go"), []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", path+":"+os.Getenv("PATH"))
	return goCommand{dir: t.TempDir(), module: own, show: newProgress(io.Discard, 1)}
}

// TestCommandThatFailsCanBePasted runs in a shell what an error says was run.
func TestCommandThatFailsCanBePasted(t *testing.T) {
	run := fakeGo(t, `echo "$PWD|$CGO_ENABLED|$GOOS|$*" >&2; exit 3`)
	run.dir = filepath.Join(run.dir, "a folder")
	if err := os.Mkdir(run.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	err := run.do(t.Context(), nil, []string{"GOOS=linux"}, "build", "-ldflags", "-s -X a='b'")
	if err == nil {
		t.Fatal("it doesn't fail")
	}
	first, said, _ := strings.Cut(err.Error(), "\n")
	command, found := strings.CutPrefix(strings.TrimSuffix(first, ": exit status 3"), "building own: ")
	if !found {
		t.Fatalf("it says %q", first)
	}
	output, err := exec.Command("sh", "-c", command).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 || strings.TrimSpace(string(output)) != said {
		t.Errorf("%s says %q (%v), not %q", command, output, err, said)
	}
}

// TestFailedCommandSaysTheEnd keeps an error on one screen.
func TestFailedCommandSaysTheEnd(t *testing.T) {
	run := fakeGo(t, "i=0; while [ $i -lt 100 ]; do echo line $i >&2; i=$((i+1)); done; exit 1")
	err := run.do(t.Context(), nil, nil, "build")
	if err == nil || strings.Contains(err.Error(), "line 79\n") || !strings.Contains(err.Error(), "line 80\n") ||
		!strings.HasSuffix(err.Error(), "line 99") {
		t.Errorf("it says %v", err)
	}
}

func TestAdvice(t *testing.T) {
	for said, wanted := range map[string]string{
		"write /tmp/x: no space left on device":       "14 GB",
		"dial tcp: lookup proxies.mod.test: no such":  "GOPROXY",
		"proxyconnect tcp: EOF":                       "GOPROXY",
		"main.go:3:1: syntax error: unexpected token": "",
	} {
		run := fakeGo(t, "echo '"+said+"' >&2; exit 1")
		advice := strings.Join(hint.Of(run.do(t.Context(), nil, nil, "build")), "\n")
		if (advice == "") != (wanted == "") || !strings.Contains(advice, wanted) {
			t.Errorf("of %q it says %q", said, advice)
		}
	}
}
