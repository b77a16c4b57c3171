package process

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// limit bounds what a test waits for.
const limit = 20 * time.Second

// newGroup makes a group, and a reader that sees the end of file when all its
// processes are gone.
func newGroup(t *testing.T) (*Group, *os.File) {
	t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	t.Cleanup(cancel)
	group, err := NewGroup(ctx, filepath.Join(t.TempDir(), "logs"), writer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(group.Close)
	return group, reader
}

func start(t *testing.T, group *Group, command Command, script string, args ...string) *Process {
	t.Helper()
	command.Path, command.Args = "/bin/sh", append([]string{"-c", script}, args...)
	p, err := group.Start(command)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// checkGone checks that nobody holds the lifeline of a closed group.
func checkGone(t *testing.T, group *Group, lifeline *os.File) {
	t.Helper()
	if err := errors.Join(group.lifeline.Close(), lifeline.SetReadDeadline(time.Now().Add(limit))); err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, lifeline); err != nil {
		t.Errorf("a process has stayed behind: %v", err)
	}
}

func TestReadyLine(t *testing.T) {
	group, lifeline := newGroup(t)
	p := start(t, group, Command{Name: "one", ReadyLine: regexp.MustCompile("ready at [0-9]+")},
		"echo starting; echo ready at 5002; exec cat /dev/zero > /dev/null")
	if err := p.WaitReady(group.Context()); err != nil {
		t.Fatal(err)
	}
	group.Close()
	if err := group.Crash(); err != nil {
		t.Errorf("the end by Close counts as a crash: %v", err)
	}
	checkGone(t, group, lifeline)
}

// TestNotifiesReady lets a process tell its readiness by sd_notify(3).
func TestNotifiesReady(t *testing.T) {
	if os.Getenv("NOTIFY_SOCKET") != "" {
		t.Skip("this process was started by somebody who waits for its readiness itself")
	}
	group, _ := newGroup(t)
	// A socket that is there, and that others can write to.
	n, err := listenForReady("test")
	if err != nil {
		t.Fatal(err)
	}
	defer n.socket.Close()
	sender, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(sender)
	for _, message := range []string{"STATUS=starting", "READY=0", "XREADY=1", "STATUS=up\nREADY=1"} {
		select {
		case <-n.received:
			t.Fatalf("ready before %q", message)
		default:
		}
		if err := syscall.Sendto(sender, []byte(message), 0, &syscall.SockaddrUnix{Name: n.address}); err != nil {
			t.Fatal(err)
		}
	}
	select {
	case <-n.received:
	case <-group.Context().Done():
		t.Error("READY=1 isn't noticed")
	}
}

// TestStop stops a process that ends at SIGTERM and one that doesn't. Neither
// ends the group, and the log of one that is started again goes on.
func TestStop(t *testing.T) {
	group, lifeline := newGroup(t)
	command := Command{Name: "one", ReadyLine: regexp.MustCompile("ready")}
	for range 2 {
		p := start(t, group, command, "trap 'echo gone; exit 3' TERM; echo ready; sleep 1000 & wait")
		if err := p.WaitReady(group.Context()); err != nil {
			t.Fatal(err)
		}
		if err := group.Stop(group.Context(), p); err != nil {
			t.Error(err)
		}
	}
	command.Name = "stubborn"
	p := start(t, group, command, "trap '' TERM; echo ready; exec cat /dev/zero > /dev/null")
	if err := p.WaitReady(group.Context()); err != nil {
		t.Fatal(err)
	}
	impatient, cancel := context.WithTimeoutCause(group.Context(), time.Millisecond, errors.New("no time"))
	defer cancel()
	if err := group.Stop(impatient, p); err == nil || err.Error() != "stopping stubborn: no time" {
		t.Errorf("got %v", err)
	}
	if err := context.Cause(group.Context()); err != nil {
		t.Errorf("what is stopped ends the group: %v", err)
	}
	content, err := os.ReadFile(filepath.Join(group.logs, "one.log"))
	if err != nil || string(content) != "ready\ngone\nready\ngone\n" {
		t.Errorf("the log holds %q (%v)", content, err)
	}
	group.Close()
	if err := group.Crash(); err != nil {
		t.Errorf("what is stopped counts as a crash: %v", err)
	}
	checkGone(t, group, lifeline)
}

// TestCrash lets processes end by themselves in several ways.
func TestCrash(t *testing.T) {
	for name, one := range map[string]struct{ script, want string }{
		"exit status": {"echo out of memory; exit 7",
			"one ended: exit status 7; the end of its log:\n    out of memory"},
		"success":      {"echo done", "one ended: exit status 0; the end of its log:\n    done"},
		"signal":       {"echo; kill -SEGV $$", "one ended: signal: segmentation fault; it printed nothing"},
		"a child":      {"sleep 1000 & echo gone", "one ended: exit status 0; the end of its log:\n    gone"},
		"both streams": {"echo a; echo b >&2; exit 1", "    a\n    b"},
		"panic": {`printf 'panic: no space\n\ngoroutine 1 [running]:\nmain.main()\n\t/x.go:1 +0x1\n'; exit 2`,
			"log:\n    panic: no space"},
	} {
		t.Run(name, func(t *testing.T) {
			group, lifeline := newGroup(t)
			p := start(t, group, Command{Name: "one", ReadyLine: regexp.MustCompile("never")}, one.script)
			err := p.WaitReady(group.Context())
			if err == nil || !strings.Contains(err.Error(), one.want) {
				t.Errorf("the error is %v, not %q", err, one.want)
			}
			<-group.Context().Done()
			if cause := context.Cause(group.Context()); !errors.Is(cause, err) || !errors.Is(group.Crash(), err) {
				t.Errorf("the group ended because of %v and knows of the crash %v", cause, group.Crash())
			}
			group.Close()
			checkGone(t, group, lifeline)
		})
	}
}

// TestUnnoticedCrash closes a group at the moment one of its processes ends.
func TestUnnoticedCrash(t *testing.T) {
	for range 20 {
		group, _ := newGroup(t)
		p := start(t, group, Command{Name: "one", ReadyLine: regexp.MustCompile("last words")},
			"echo last words; exit 3")
		if err := p.WaitReady(group.Context()); err != nil && !strings.Contains(err.Error(), "exit status 3") {
			t.Fatal(err)
		}
		group.Close()
		// It was killed before it could end, or it ended by itself.
		if crash := group.Crash(); crash != nil && !strings.Contains(crash.Error(), "one ended: exit status 3") {
			t.Error(crash)
		}
	}
}

// TestFlood lets a process print more than anybody wants to read, in lines
// and without.
func TestFlood(t *testing.T) {
	for name, script := range map[string]string{
		"lines":       `yes "line" | head -n 300000; echo last; exit 1`,
		"no line end": `head -c 20000000 /dev/zero | tr '\0' x; echo; echo last; exit 1`,
	} {
		t.Run(name, func(t *testing.T) {
			group, _ := newGroup(t)
			p := start(t, group, Command{Name: "one", ReadyLine: regexp.MustCompile("never")}, script)
			err := p.WaitReady(group.Context())
			if err == nil || !strings.HasSuffix(err.Error(), "\n    last") {
				t.Fatalf("the error doesn't end with the last line: %v", err)
			}
			if length := len(err.Error()); length > tailLines*(lineLimit+20)+200 {
				t.Errorf("the error has %d bytes", length)
			}
			info, err := os.Stat(filepath.Join(group.logs, "one.log"))
			if err != nil || info.Size() < 1_500_000 {
				t.Errorf("the log isn't whole: %v, %v", info, err)
			}
		})
	}
}

func TestGivenUp(t *testing.T) {
	group, _ := newGroup(t)
	p := start(t, group, Command{Name: "one", ReadyLine: regexp.MustCompile("never")},
		"echo thinking; exec cat /dev/zero > /dev/null")
	ctx, cancel := context.WithCancelCause(group.Context())
	cancel(errors.New("given up"))
	err := p.WaitReady(ctx)
	if err == nil || !strings.HasPrefix(err.Error(), "waiting for one to be ready: given up; ") {
		t.Errorf("the error is %v", err)
	}
}

func TestStartErrors(t *testing.T) {
	group, _ := newGroup(t)
	if _, err := group.Start(Command{Name: "one", Path: "/nowhere"}); err == nil ||
		!strings.Contains(err.Error(), "starting one: ") || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("starting what isn't there: %v", err)
	}
	group.Close()
	if _, err := group.Start(Command{Name: "two", Path: "/bin/true"}); err == nil ||
		!strings.Contains(err.Error(), "the run has ended") {
		t.Errorf("starting in a closed group: %v", err)
	}
}
