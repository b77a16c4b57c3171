package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// parent is the argument with which the test's own program is a run that
// starts a process of a group, and a tool, and waits.
const parent = "parent-that-is-killed"

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == parent {
		fmt.Fprintln(os.Stderr, beParent(os.Args[2]))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// beParent tells on its lifeline when its children run, and returns only if they
// can't be started.
func beParent(logs string) error {
	lifeline := os.NewFile(3, "lifeline")
	group, err := NewGroup(context.Background(), logs, lifeline)
	if err != nil {
		return err
	}
	const script = "echo started >&3; exec cat /dev/zero > /dev/null"
	if _, err := group.Start(Command{Name: "one", Path: "/bin/sh", Args: []string{"-c", script}}); err != nil {
		return err
	}
	_, err = Tool{Path: "/bin/sh", Lifeline: lifeline}.Run(context.Background(), "-c", script)
	return errors.Join(errors.New("it hasn't been killed"), err)
}

// TestParentKilled kills a process that has children: they end with it, without
// anybody left to tell them.
func TestParentKilled(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self, parent, t.TempDir())
	cmd.ExtraFiles, cmd.Stderr = []*os.File{writer}, os.Stderr
	if err := errors.Join(cmd.Start(), writer.Close(), reader.SetReadDeadline(time.Now().Add(limit))); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }() // it was killed
	if _, err := io.ReadFull(reader, make([]byte, 2*len("started\n"))); err != nil {
		t.Error(err)
	}
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, reader); err != nil {
		t.Errorf("a child has stayed behind: %v", err)
	}
}

// TestLogOnFullDisk loses what a process prints, but not the end of it, and
// says why.
func TestLogOnFullDisk(t *testing.T) {
	group, _ := newGroup(t)
	if err := os.Symlink("/dev/full", group.logs+"/one.log"); err != nil {
		t.Fatal(err)
	}
	p := start(t, group, Command{Name: "one", NotifiesReady: true}, "echo last words; exit 4")
	err := p.WaitReady(group.Context())
	for _, words := range []string{"one ended: exit status 4; the end of its log:\n    last words",
		"keeping its log: ", "no space left on device"} {
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("the error isn't that %s: %v", words, err)
		}
	}
}

// TestLongLine shows the beginning of a long line, whole letters of it.
func TestLongLine(t *testing.T) {
	group, _ := newGroup(t)
	p := start(t, group, Command{Name: "one", NotifiesReady: true},
		`printf 'x'; i=0; while [ $i -lt 400 ]; do printf 'ä'; i=$((i+1)); done; exit 1`)
	err := p.WaitReady(group.Context())
	if want := "\n    x" + strings.Repeat("ä", (lineLimit-1)/2) + "…"; err == nil ||
		!strings.HasSuffix(err.Error(), want) {
		t.Errorf("the error is %v", err)
	}
}
