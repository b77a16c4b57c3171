package signer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"container-signing/internal/hint"
)

// TestMain lets Run start this program as its guard.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == GuardCommand {
		os.Exit(Guard(os.Args[2:]))
	}
	os.Exit(m.Run())
}

// shell is a signer that is a shell script.
func shell(script string, args ...string) Command {
	return Command{
		Args: append([]string{"sh", "-c", script, "signer"}, args...), Stdin: []byte("payload\x00\n"),
		MaxOutput: 1 << 10, Timeout: time.Minute,
	}
}

func TestRun(t *testing.T) {
	command := shell(`cat; printf '%s' "$KEY" "$1" "$SIGNER_DEADLINE"; echo words >&2`, "a b")
	command.Env = []string{"KEY=value"}
	earliest := time.Now().Add(time.Minute).Unix()
	output, err := Run(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	latest := time.Now().Add(time.Minute).Unix()
	rest, found := strings.CutPrefix(string(output.Stdout), "payload\x00\nvaluea b")
	deadline, err := strconv.ParseInt(rest, 10, 64)
	if !found || err != nil || deadline < earliest || deadline > latest || output.Stderr != "words\n" {
		t.Errorf("got %q, %q; the deadline is between %d and %d", output.Stdout, output.Stderr, earliest, latest)
	}
	if len(command.Env) != 1 {
		t.Errorf("the command was changed: %q", command.Env)
	}
}

// TestRunFails gives each failure its kind, and what can be done about it.
func TestRunFails(t *testing.T) {
	folder := t.TempDir()
	plain := filepath.Join(folder, "plain")
	if err := os.WriteFile(plain, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	brief := shell("exec sleep 600")
	brief.Timeout = 50 * time.Millisecond
	for name, test := range map[string]struct {
		command Command
		kind    Kind
		want    string
		advised bool
	}{
		"exit status":    {shell("exit 3"), Failed, "exit status 3", false},
		"signal":         {shell("kill -9 $$"), Failed, "ended by signal 9", false},
		"guard killed":   {shell("kill -9 $PPID; exec sleep 600"), Failed, "guard process was killed", true},
		"flood":          {shell("exec yes"), Failed, "more than 1024 bytes", true},
		"timeout":        {brief, Timeout, "no answer within 50ms", true},
		"no program":     {Command{Args: []string{"./nonesuch"}}, Unusable, "no such file", true},
		"folder":         {Command{Args: []string{folder}}, Unusable, "is a directory", true},
		"not executable": {Command{Args: []string{plain}}, Denied, "permission denied", true},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Run(t.Context(), test.command)
			var failure *Error
			if !errors.As(err, &failure) || failure.Kind != test.kind || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("got %v, want %q of kind %d", err, test.want, test.kind)
			}
			if got := len(hint.Of(err)) > 0; got != test.advised {
				t.Errorf("got the advice %q", hint.Of(err))
			}
		})
	}
}

// TestRunIsInterrupted says why, and ends the signer.
func TestRunIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	started := filepath.Join(t.TempDir(), "started")
	if err := syscall.Mkfifo(started, 0o600); err != nil {
		t.Fatal(err)
	}
	pid := make(chan int, 1)
	go func() {
		content, _ := os.ReadFile(started) // the number is checked
		number, _ := strconv.Atoi(strings.TrimSpace(string(content)))
		pid <- number
		cancel(errors.New("interrupted by the test"))
	}()
	_, err := Run(ctx, shell(`echo $$ >"$1"; exec sleep 600`, started))
	var failure *Error
	if !errors.As(err, &failure) || failure.Kind != Interrupted || !strings.Contains(err.Error(), "by the test") {
		t.Errorf("got %v", err)
	}
	assertGone(t, <-pid)
}

// TestRunLeavesNothing looks for the children that a signer has left behind,
// whether it has signed or failed.
func TestRunLeavesNothing(t *testing.T) {
	for _, end := range []string{"exit 0", "exit 3", "kill -9 $$"} {
		t.Run(end, func(t *testing.T) {
			pids := filepath.Join(t.TempDir(), "pids")
			// Both ignore SIGTERM; the second has closed what it could hold open.
			_, _ = Run(t.Context(), shell(`trap '' TERM
				sleep 600 & echo $! >>"$1"
				sleep 600 <&- >&- 2>&- & echo $! >>"$1"; `+end, pids)) // its children count
			content, err := os.ReadFile(pids)
			if err != nil {
				t.Fatal(err)
			}
			children := strings.Fields(string(content))
			if len(children) != 2 {
				t.Fatalf("the signer had the children %q", children)
			}
			for _, child := range children {
				pid, err := strconv.Atoi(child)
				if err != nil {
					t.Fatal(err)
				}
				assertGone(t, pid)
			}
		})
	}
}

func assertGone(t *testing.T, pid int) {
	t.Helper()
	if pid <= 1 {
		t.Fatalf("process %d is none of the signer's", pid)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is still there: %v", pid, err)
	}
}

// TestReport reads whatever a guard may have written before it was killed.
func TestReport(t *testing.T) {
	for text, want := range map[string]string{
		"":               "guard process was killed",
		"{":              "reading the guard's report",
		"hello":          "reading the guard's report",
		`{"Errno":2}`:    "no such file",
		`{"Status":768}`: "exit status 3",
		`{"Status":9}`:   "ended by signal 9",
		fmt.Sprintf(`{"Errno":%d}`, syscall.EACCES): "permission denied",
	} {
		path := filepath.Join(t.TempDir(), "report")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := readReport(file); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
		closeAll(file)
	}
}
