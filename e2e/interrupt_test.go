package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"container-signing/tools"
)

var signals = map[string]syscall.Signal{
	"SIGINT": syscall.SIGINT, "SIGTERM": syscall.SIGTERM, "SIGHUP": syscall.SIGHUP, "SIGKILL": syscall.SIGKILL,
}

// moments are the moments of a run at which it is interrupted. Each is an
// event: a file that appears, or a line that somebody prints.
var moments = map[string]struct {
	args  func(t *testing.T) []string
	reach func(*session)
	// signals are those that are tried. A moment late in the run is costly.
	signals []string
}{
	"starting registries": {
		reach:   func(s *session) { s.awaitFile("container-signing-*/logs/registry-ci.log") },
		signals: []string{"SIGHUP", "SIGKILL"},
	},
	"making certificates and the plugin": {
		reach:   func(s *session) { s.awaitFile("container-signing-*/another-ca") },
		signals: []string{"SIGTERM", "SIGKILL"},
	},
	"starting the API server": {
		reach:   func(s *session) { s.awaitFile("container-signing-*/logs/kube-apiserver.log") },
		signals: []string{"SIGINT", "SIGKILL"},
	},
	"signing": {
		args:    hangingSigner,
		reach:   func(s *session) { s.awaitReport() },
		signals: []string{"SIGINT", "SIGTERM", "SIGHUP", "SIGKILL"},
	},
	"starting Kyverno": {
		reach:   func(s *session) { s.awaitFile("container-signing-*/logs/kyverno.log") },
		signals: []string{"SIGINT", "SIGKILL"},
	},
	"judging": {
		reach:   func(s *session) { s.awaitLine("apply the policies, until they are enforced") },
		signals: []string{"SIGTERM", "SIGKILL"},
	},
}

// TestInterruption interrupts runs. Nothing may be left, and one line has to
// tell what ended the run.
func TestInterruption(t *testing.T) {
	for name, moment := range moments {
		for _, signal := range moment.signals {
			t.Run(name+"/"+signal, func(t *testing.T) {
				t.Parallel()
				var args []string
				if moment.args != nil {
					args = moment.args(t)
				}
				s := newSession(t, args...).start()
				moment.reach(s)
				s.signal(signals[signal])
				checkInterrupted(s, signals[signal])
			})
		}
	}
}

// checkInterrupted checks the end of a run that got a signal.
func checkInterrupted(s *session, signal syscall.Signal) {
	s.t.Helper()
	status := s.wait()
	if signal == syscall.SIGKILL {
		return // it could say nothing
	}
	if status != 1 {
		s.t.Errorf("exit status %d, not 1", status)
	}
	if want := "e2e: " + signal.String() + " signal received\n"; s.text("stderr") != want {
		s.t.Errorf("standard error is %q, not %q", s.text("stderr"), want)
	}
}

// hangingSigner is a signer that reports to the witness and then waits for
// ever, with the certificates it needs.
func hangingSigner(t *testing.T) []string {
	dir := shortTempDir(t)
	script := "#!/bin/sh\necho signing >&7\nexec cat " + filepath.Join(dir, "never") + "\n"
	if err := syscall.Mkfifo(filepath.Join(dir, "never"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "signer"), []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	chain := newIdentity(t, dir, "EC-256")
	return []string{"--signer", filepath.Join(dir, "signer"), "--certificate-chain", chain.chain}
}

// TestInterruptionOfTheBuild interrupts e2e while it builds its first tool.
// The cache is left as it was.
func TestInterruptionOfTheBuild(t *testing.T) {
	for name, signal := range signals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cache := shortTempDir(t)
			s := newSession(t)
			s.env = []string{"XDG_CACHE_HOME=" + cache, "GOCACHE=" + goEnv(t, "GOCACHE"), tools.FolderVariable + "="}
			s.start()
			s.awaitLine("building tool 1 of ")
			s.signal(signal)
			status := s.wait()
			if signal == syscall.SIGKILL {
				return // the next build removes what this one has begun
			}
			if status != 1 {
				t.Errorf("exit status %d, not 1", status)
			}
			if !strings.Contains(s.text("stderr"), signal.String()+" signal received") {
				t.Errorf("standard error doesn't name the signal:\n%s", s.text("stderr"))
			}
			left, err := filepath.Glob(filepath.Join(cache, "container-signing", "tools", ".building-*"))
			if err != nil || len(left) > 0 {
				t.Errorf("unfinished builds have stayed behind: %s (%v)", left, err)
			}
		})
	}
}
