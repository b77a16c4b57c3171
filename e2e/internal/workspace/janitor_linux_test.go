package workspace

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"container-signing/internal/hint"
)

// killedRun is the argument with which the test's own program is a run that is
// killed.
const killedRun = "killed-run"

// limit bounds what a test waits for.
const limit = 20 * time.Second

// beKilled makes a folder with something in it, says where, and waits.
func beKilled() error {
	w, err := New()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(w.Dir, "file"), []byte("content"), 0o600); err != nil {
		return err
	}
	fmt.Println(w.Dir, w.janitor.Process.Pid)
	_, err = os.Stdin.Read(make([]byte, 1)) // which never comes
	return err
}

// TestKilledRun kills a run, after its janitor has been told to end by whatever
// can be caught: the folder goes nevertheless.
func TestKilledRun(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := exec.Command(self, killedRun)
	stdin, err := run.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	stdout, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	// The janitor has it too, so that its end is that of the janitor.
	witness, stderr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	run.Stderr = stderr
	if err := errors.Join(run.Start(), stderr.Close(), witness.SetReadDeadline(time.Now().Add(limit))); err != nil {
		t.Fatal(err)
	}
	var dir string
	var janitor int
	if _, err := fmt.Fscan(stdout, &dir, &janitor); err != nil {
		t.Fatal(err)
	}
	awaitIgnored(t, janitor, syscall.SIGQUIT)
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT} {
		if err := syscall.Kill(janitor, signal); err != nil {
			t.Fatal(err)
		}
	}
	if err := run.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = run.Wait() // it was killed
	words, err := io.ReadAll(witness)
	if err != nil || len(words) > 0 {
		t.Errorf("the janitor says %q (%v)", words, err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}

// awaitIgnored waits until a process that has just been started ignores a
// signal.
func awaitIgnored(t *testing.T, process int, signal syscall.Signal) {
	t.Helper()
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); runtime.Gosched() {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", process))
		if err != nil {
			t.Fatal(err)
		}
		_, line, _ := strings.Cut(string(status), "\nSigIgn:")
		var ignored uint64
		if _, err := fmt.Sscanf(line, "%x", &ignored); err == nil && ignored&(1<<(signal-1)) != 0 {
			return
		}
	}
	t.Fatalf("process %d doesn't ignore %s within %s", process, signal, limit)
}

// janitorOf runs a janitor of a folder in this process, with a standard input
// that holds what is given, and then ends.
func janitorOf(t *testing.T, dir, input string, sweep func() error) error {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.WriteString(input); err != nil {
		t.Fatal(err)
	}
	stdin := os.Stdin
	os.Stdin = reader
	defer func() {
		os.Stdin = stdin
		_ = reader.Close() // nobody needs it any more
	}()
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	return Janitor(dir, sweep)
}

// TestJanitorSweeps removes the folder after what else is to be tidied up, even
// if that goes wrong.
func TestJanitorSweeps(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	sweeping := errors.New("a cgroup stays")
	err := janitorOf(t, dir, "", func() error {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("the folder is gone before the rest: %v", err)
		}
		return sweeping
	})
	if !errors.Is(err, sweeping) {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is still there: %v", err)
	}
}

// TestJanitorByHand removes nothing if it is started by somebody who has no
// lifeline for it.
func TestJanitorByHand(t *testing.T) {
	dir := t.TempDir()
	err := janitorOf(t, dir, "hello\n", func() error {
		t.Error("it sweeps")
		return nil
	})
	if err == nil || !strings.Contains(err.Error(), "it is no lifeline") {
		t.Errorf("the error is %v", err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Errorf("the folder is gone: %v", err)
	}
}

// TestRelativePlace makes the folder's path absolute: processes of the run work
// elsewhere.
func TestRelativePlace(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("here", 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", "here")
	w, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if !filepath.IsAbs(w.Dir) || filepath.Base(filepath.Dir(w.Dir)) != "here" {
		t.Errorf("the folder is %q", w.Dir)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

// TestExplain adds to an error that the disk is nearly full, only if it is.
func TestExplain(t *testing.T) {
	cause := errors.New("etcd ended")
	for name, dir := range map[string]string{"space": t.TempDir(), "gone": filepath.Join(t.TempDir(), "gone")} {
		if err := (&Workspace{Dir: dir}).Explain(cause); !errors.Is(err, cause) || len(hint.Of(err)) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
	small := filepath.Join(t.TempDir(), "small")
	if err := os.Mkdir(small, 0o700); err != nil {
		t.Fatal(err)
	}
	explained := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: its namespace is its own
		if err := errors.Join(unix.Unshare(unix.CLONE_NEWNS),
			unix.Mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
			unix.Mount("tmpfs", small, "tmpfs", 0, "size=2m")); err != nil {
			explained <- nil
			return
		}
		explained <- (&Workspace{Dir: small}).Explain(cause)
	}()
	err := <-explained
	if err == nil {
		t.Skip("a disk to fill needs the right to mount one: run this as root")
	}
	if want := fmt.Sprintf("etcd ended\nthe disk of the temporary folder %q has only 2 MB left\n"+
		"hint: free some space, or let TMPDIR name another place", small); hint.Text(err) != want {
		t.Errorf("it says %q, not %q", hint.Text(err), want)
	}
}
