package session

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"container-signing/e2e/internal/process"
	"container-signing/e2e/internal/workspace"
	"container-signing/internal/hint"
	"container-signing/tools"
)

// TestMain is also the janitor of the sessions that tests start.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == workspace.JanitorCommand {
		if err := workspace.Janitor(os.Args[2], func() error { return nil }); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var settings = Settings{Timeout: time.Minute}

// TestRunLeavesNothing checks that folder and processes are gone, whatever has
// become of the command.
func TestRunLeavesNothing(t *testing.T) {
	fault := errors.New("out of order")
	for name, want := range map[string]error{"success": nil, "failure": fault,
		"verdict": fmt.Errorf("of two: %w", ErrConcluded)} {
		var dir string
		var pid int
		err := Run(t.Context(), settings, nil, func(ctx context.Context, s *Session) (err error) {
			dir = s.Dir
			if pid, err = startSleep(ctx, s); err != nil {
				return err
			}
			return want
		})
		if !errors.Is(err, want) || (err == nil) != (want == nil) {
			t.Errorf("%s: the error is %v, not %v", name, err, want)
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the folder has stayed: %v", name, err)
		}
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("%s: process %d has stayed: %v", name, pid, err)
		}
	}
}

// startSleep starts a process that ends with the session only.
func startSleep(ctx context.Context, s *Session) (pid int, err error) {
	sleep, err := s.Processes.Start(process.Command{
		Name: "sleep", Path: "/bin/sh", Args: []string{"-c", "echo $$; exec sleep 1000"},
		ReadyLine: regexp.MustCompile(`\d`),
	})
	if err != nil {
		return 0, err
	}
	if err := sleep.WaitReady(ctx); err != nil {
		return 0, err
	}
	printed, err := os.ReadFile(s.In("logs/sleep.log"))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(printed)))
}

// TestRunCause names what has ended the command, and not what that has made of
// its steps.
func TestRunCause(t *testing.T) {
	interrupted := errors.New("Ctrl-C")
	for name, c := range map[string]struct {
		do    func(ctx context.Context, cancel context.CancelCauseFunc, s *Session) error
		words string
	}{
		"a crash": {func(ctx context.Context, _ context.CancelCauseFunc, s *Session) error {
			_, err := s.Processes.Start(process.Command{Name: "crash", Path: "/bin/sh",
				Args: []string{"-c", "echo the disk is full; exit 3"}})
			if err != nil {
				return err
			}
			<-ctx.Done()
			return errors.New("connection refused")
		}, "crash ended: exit status 3; the end of its log:\n    the disk is full"},
		"a crash that nobody has noticed": {func(_ context.Context, _ context.CancelCauseFunc, s *Session) error {
			p, err := s.Processes.Start(process.Command{Name: "crash", Path: "/bin/false"})
			if err != nil {
				return err
			}
			<-s.Processes.Context().Done()
			return errors.Join(errors.New("connection refused"), p.WaitReady(context.Background()))
		}, "crash ended: exit status 1"},
		"an interrupt": {func(ctx context.Context, cancel context.CancelCauseFunc, _ *Session) error {
			cancel(interrupted)
			return fmt.Errorf("signing: %w", ctx.Err())
		}, "Ctrl-C"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			err := Run(ctx, settings, nil, func(ctx context.Context, s *Session) error { return c.do(ctx, cancel, s) })
			if err == nil || !strings.Contains(err.Error(), c.words) ||
				strings.Contains(err.Error(), "connection refused") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

// TestDo gives a step up, and says how to give it longer.
func TestDo(t *testing.T) {
	err := Run(t.Context(), Settings{Timeout: time.Millisecond}, nil, func(ctx context.Context, s *Session) error {
		return s.Do(ctx, "wait for nothing", func(ctx context.Context) error {
			<-ctx.Done()
			return fmt.Errorf("waiting for nothing: %w", context.Cause(ctx))
		})
	})
	if err == nil || hint.Text(err) != "waiting for nothing: given up after 1ms\nhint: --timeout takes another time" {
		t.Errorf("the error is %v", err)
	}
}

// TestTool shows a tool's commands if that is wanted, and hands it no more of the
// environment than any program needs.
func TestTool(t *testing.T) {
	t.Setenv("NOTATION_CONFIG", "/of/the/user")
	programs := tools.Programs{"sh": "/bin/sh"}
	for _, verbose := range []bool{false, true} {
		err := Run(t.Context(), Settings{Timeout: time.Minute, Verbose: verbose}, programs,
			func(ctx context.Context, s *Session) error {
				tool := s.Tool("sh")
				if (tool.Trace != nil) != verbose {
					t.Errorf("verbose %v: its commands are shown: %v", verbose, tool.Trace != nil)
				}
				output, err := tool.Run(ctx, "-c", `echo "config: $NOTATION_CONFIG"`)
				if output != "config: \n" {
					t.Errorf("it has got %q", output)
				}
				return err
			})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestNodeMode(t *testing.T) {
	for _, text := range []string{"auto", "on", "off"} {
		if mode, err := ParseNodeMode(text); err != nil || string(mode) != text {
			t.Errorf("%s is %s (%v)", text, mode, err)
		}
	}
	for _, text := range []string{"", "yes", "ON", "on "} {
		if _, err := ParseNodeMode(text); err == nil || !strings.Contains(hint.Text(err), "known are auto, on, off") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if why, err := NodeOff.Check(t.Context()); err != nil || why == "" {
		t.Errorf("off: %q (%v)", why, err)
	}
}
