package process

import (
	"context"
	"net"
	"os"
	"regexp"
	"runtime"
	"strconv"
	"testing"
)

// TestKillIsNoCrash ends processes that are meant to end, and goes on with the
// others.
func TestKillIsNoCrash(t *testing.T) {
	group, lifeline := newGroup(t)
	other := start(t, group, Command{Name: "other"}, "sleep 60")
	killed := start(t, group, Command{Name: "killed"}, "sleep 60")
	group.Kill(killed)
	group.Kill(killed) // it is gone already
	expected := start(t, group, Command{Name: "expected"}, "sleep 60")
	group.Expect(expected)
	if err := expected.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-expected.Exited()
	if err := group.Crash(); err != nil || group.Context().Err() != nil {
		t.Errorf("the group has crashed: %v", err)
	}
	select {
	case <-other.Exited():
		t.Error("another process is gone")
	default:
	}
	group.Close()
	checkGone(t, group, lifeline)
}

// TestPause has a process do nothing, and end with its group all the same.
func TestPause(t *testing.T) {
	group, lifeline := newGroup(t)
	p := start(t, group, Command{Name: "paused"}, "sleep 60")
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	isStopped(t, p, true)
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	isStopped(t, p, false)
	if err := p.Pause(); err != nil {
		t.Fatal(err)
	}
	group.Close()
	checkGone(t, group, lifeline)
	if err := p.Resume(); err != nil {
		t.Errorf("of one that is gone: %v", err)
	}
	if err := p.Pause(); err == nil {
		t.Error("one that is gone can be paused")
	}
}

// isStopped waits until the kernel says that a process is stopped, or that it
// isn't (proc_pid_stat(5)).
func isStopped(t *testing.T, p *Process, wanted bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	state := regexp.MustCompile(`\) (\S)`)
	for ctx.Err() == nil {
		content, err := os.ReadFile("/proc/" + strconv.Itoa(p.cmd.Process.Pid) + "/stat")
		if err != nil {
			t.Fatal(err)
		}
		if (state.FindStringSubmatch(string(content))[1] == "T") == wanted {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("that it is stopped doesn't become %v", wanted)
}

// TestLastingPort gives ports that can be listened on, and that nobody who
// connects is given.
func TestLastingPort(t *testing.T) {
	for range 20 {
		port, err := LastingPort()
		if err != nil {
			t.Fatal(err)
		}
		listener, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		if number, err := strconv.Atoi(port); err != nil || number < firstPort || number > lastPort {
			t.Errorf("port %s: %v", port, err)
		}
	}
}
