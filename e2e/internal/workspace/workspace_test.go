package workspace

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"container-signing/internal/hint"
)

// TestMain lets the test's own program be the janitor, and a run that is
// killed.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == JanitorCommand {
		if err := Janitor(os.Args[2], func() error { return nil }); err != nil {
			os.Exit(1)
		}
		os.Exit(0)
	}
	if len(os.Args) == 2 && os.Args[1] == killedRun {
		fmt.Fprintln(os.Stderr, beKilled())
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestCloseRemovesTheFolder(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	w, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(w.Dir, "a/b"), 0o700); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(w.Dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("others can look into the folder: %v, %v", info.Mode(), err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(w.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}

// TestJanitorWaitsForAll keeps the folder as long as a process holds the
// lifeline, though the run has let go of it.
func TestJanitorWaitsForAll(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	w, err := New()
	if err != nil {
		t.Fatal(err)
	}
	holder := exec.Command("cat")
	holder.ExtraFiles = []*os.File{w.Lifeline}
	stdin, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	closed := make(chan error)
	go func() { closed <- w.Close() }()
	// The janitor can't have ended: the holder lives, and ends with its input.
	if _, err := os.Stat(w.Dir); err != nil {
		t.Errorf("the folder is gone too soon: %v", err)
	}
	if err := errors.Join(stdin.Close(), holder.Wait(), <-closed); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(w.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}

func TestNoPlaceForTheFolder(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	if _, err := New(); err == nil || !strings.HasSuffix(hint.Text(err), "\nhint: let TMPDIR name another place") {
		t.Errorf("the error is %v", err)
	}
}
