package tools

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestBuildIsReused(t *testing.T) {
	sampleProject(t)
	var first, second bytes.Buffer
	built, err := Build(t.Context(), &first, "own")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(first.String(), "tool 1 of 1: own") {
		t.Errorf("the first build doesn't say what it builds: %q", &first)
	}
	again, err := Build(t.Context(), &second, "own")
	if err != nil {
		t.Fatal(err)
	}
	if built["own"] != again["own"] || second.Len() > 0 {
		t.Errorf("the second build isn't the first: %s, then %s, saying %q", built["own"], again["own"], &second)
	}
	if names := left(t, openedCache(t)); len(names) != 1 {
		t.Errorf("the cache holds %v, not just the one tool", names)
	}
}

// TestUpstreamIsWhole builds what an upstream module pins: its program, under
// the name that it is asked for and knowing its version, and its manifests.
func TestUpstreamIsWhole(t *testing.T) {
	sampleProject(t)
	programs, err := Build(t.Context(), io.Discard, "hello", "manifests")
	if err != nil {
		t.Fatal(err)
	}
	checkOutput(t, programs["hello"], upstreamVersion+"\n")
	for name, want := range map[string]string{"widget.json": `{"kind":"Widget"}`, "gadget.json": `{"kind":"Gadget"}`} {
		content, err := os.ReadFile(filepath.Join(programs["manifests"], name))
		if err != nil || string(content) != want {
			t.Errorf("%s is %q (%v), not %q", name, content, err, want)
		}
	}
	entries, err := os.ReadDir(filepath.Dir(programs["hello"]))
	if err != nil || len(entries) != 2 {
		t.Errorf("the cache holds %v (%v), not just a program and manifests", entries, err)
	}
}

// TestDamagedBuildIsMadeAnew damages what is in the cache, as a person or a
// crash of the machine can.
func TestDamagedBuildIsMadeAnew(t *testing.T) {
	for name, damage := range map[string]func(program string) error{
		"removed program": os.Remove,
		"empty program":   func(program string) error { return os.Truncate(program, 0) },
		"empty folder": func(program string) error {
			folder := filepath.Dir(program)
			return errors.Join(os.RemoveAll(folder), os.Mkdir(folder, 0o755))
		},
		"a file instead": func(program string) error {
			folder := filepath.Dir(program)
			return errors.Join(os.RemoveAll(folder), os.WriteFile(folder, []byte("nothing"), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			sampleProject(t)
			built, err := Build(t.Context(), io.Discard, "own")
			if err != nil {
				t.Fatal(err)
			}
			if err := damage(built["own"]); err != nil {
				t.Fatal(err)
			}
			repaired, err := Build(t.Context(), io.Discard, "own")
			if err != nil {
				t.Fatal(err)
			}
			checkOutput(t, repaired["own"], "hello\n")
		})
	}
}

// TestOtherPinsAreBuiltBeside keeps what was built before a pin was changed.
func TestOtherPinsAreBuiltBeside(t *testing.T) {
	source := sampleProject(t)
	before, err := Build(t.Context(), io.Discard, "own")
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, source, map[string]string{"own/main.go": "package main\n\nfunc main() { println(\"goodbye\") }\n"})
	after, err := Build(t.Context(), io.Discard, "own")
	if err != nil {
		t.Fatal(err)
	}
	checkOutput(t, before["own"], "hello\n")
	checkOutput(t, after["own"], "goodbye\n")
}

func TestInterruptedBuildLeavesNothing(t *testing.T) {
	sampleProject(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped by the test")
	_, err := Build(ctx, &onFirstWrite{call: func() { cancel(stopped) }}, "own")
	if !errors.Is(err, stopped) {
		t.Errorf("the error doesn't tell why the build ended: %v", err)
	}
	if names := left(t, openedCache(t)); len(names) > 0 {
		t.Errorf("an interrupted build leaves %v in the cache", names)
	}
	if _, err := Build(t.Context(), io.Discard, "own"); err != nil {
		t.Errorf("it can't be built after an interrupted build: %v", err)
	}
}

func TestKilledBuildIsCleanedUp(t *testing.T) {
	sampleProject(t)
	cache := string(openedCache(t))
	killed := filepath.Join(cache, ".building-own.1234")
	others := []string{
		filepath.Join(cache, ".building-etcd.1234"),
		filepath.Join(cache, ".building-own-unfiltered.1234"),
	}
	for _, dir := range append(others, killed) {
		if err := os.MkdirAll(filepath.Join(dir, "half"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Build(t.Context(), io.Discard, "own"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(killed); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what a killed build left is still there: %v", err)
	}
	for _, other := range others {
		if _, err := os.Stat(other); err != nil {
			t.Errorf("the build of another tool, which may be running, is gone: %v", err)
		}
	}
}

func TestConcurrentBuildsAreOne(t *testing.T) {
	sampleProject(t)
	var outputs [2]bytes.Buffer
	var both sync.WaitGroup
	for i := range outputs {
		both.Go(func() {
			if _, err := Build(t.Context(), &outputs[i], "own"); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	if names := left(t, openedCache(t)); len(names) != 1 {
		t.Errorf("the cache holds %v, not one build", names)
	}
	if said := outputs[0].String() + outputs[1].String(); strings.Count(said, "built tool") != 1 {
		t.Errorf("it isn't built once: %q", said)
	}
}

// TestBuildWithoutOneOfItsPrograms has a recipe that says more than there is.
func TestBuildWithoutOneOfItsPrograms(t *testing.T) {
	sampleProject(t)
	modules[0].makes = "image"
	_, err := Build(t.Context(), io.Discard, "own")
	checkError(t, err, "building own: the build made no image")
	modules[0].finish = func(string, []string) error { return errors.New("no image can be made") }
	_, err = Build(t.Context(), io.Discard, "own")
	checkError(t, err, "no image can be made")
	if names := left(t, openedCache(t)); len(names) > 0 {
		t.Errorf("a failed build leaves %v in the cache", names)
	}
}

func TestFailedBuildSaysWhy(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(t *testing.T, source string)
		says  []string
	}{
		"no go command": {
			func(t *testing.T, _ string) { t.Setenv("PATH", t.TempDir()) },
			[]string{"building pinned", "\nhint: install Go"},
		},
		"a mistake in the program": {
			func(t *testing.T, source string) {
				writeFiles(t, source, map[string]string{"pinned/go.mod": "module x\n\nbogus\n"})
			},
			[]string{"unknown directive: bogus", "go list -m -json " + upstreamPath, "tools/pinned && CGO_ENABLED=0"},
		},
		"another module than the one that was pinned": {
			func(t *testing.T, source string) {
				sum := fmt.Sprintf("%s %s h1:%s=\n", upstreamPath, upstreamVersion, strings.Repeat("A", 43))
				writeFiles(t, source, map[string]string{"pinned/go.sum": sum})
			},
			[]string{"building pinned", "checksum mismatch", "SECURITY ERROR"},
		},
		"a module without a checksum": {
			func(t *testing.T, source string) { writeFiles(t, source, map[string]string{"pinned/go.sum": ""}) },
			[]string{"building pinned", "missing go.sum entry"},
		},
		"no module proxy": {
			func(t *testing.T, _ string) { t.Setenv("GOPROXY", "http://127.0.0.1:1") },
			[]string{"building pinned", "connection refused", "\nhint: ", "GOPROXY"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			source := sampleProject(t)
			test.spoil(t, source)
			_, err := Build(t.Context(), io.Discard, "hello")
			checkError(t, err, test.says...)
			if names := left(t, openedCache(t)); len(names) > 0 {
				t.Errorf("a failed build leaves %v in the cache", names)
			}
		})
	}
}
