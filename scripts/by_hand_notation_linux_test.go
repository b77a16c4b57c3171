package scripts_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A signing is notation with by-hand as its signer, and a pipe that all their
// processes inherit, as descriptor 7: the notification command writes the
// request's folder there, and the pipe's end says that all processes have ended.
type signing struct {
	command *exec.Cmd
	pipe    *os.File
	lines   *bufio.Reader
	folder  string // for requests
}

// startSigning starts to sign, and returns when the request has been made and
// the command notify has run.
func startSigning(t *testing.T, n notation, signer, timeout, notify string, prepare func(*exec.Cmd)) *signing {
	t.Helper()
	s := &signing{folder: t.TempDir()}
	s.command = n.command(t, []string{
		"EXTERNAL_SIGNING_FOLDER=" + s.folder, `EXTERNAL_NOTIFY=` + notify + ` printf '%s\n' "$1" >&7`,
		"EXTERNAL_SIGNER=" + signer, "EXTERNAL_TIMEOUT=" + timeout,
	}, n.signing()...)
	prepare(s.command)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	for range 5 { // descriptors 3 to 7
		s.command.ExtraFiles = append(s.command.ExtraFiles, writer)
	}
	err = s.command.Start()
	if err := errors.Join(err, writer.Close()); err != nil {
		t.Fatal(err)
	}
	s.pipe, s.lines = reader, bufio.NewReader(reader)
	s.bound(t)
	if request, err := s.lines.ReadString('\n'); err != nil || !strings.HasPrefix(request, s.folder) {
		t.Fatalf("waiting for the request in %s: %q, %v", s.folder, request, err)
	}
	return s
}

// bound bounds the waiting for the processes.
func (s *signing) bound(t *testing.T) {
	t.Helper()
	if err := s.pipe.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
}

// assertGivenUp waits for the end of all processes, and fails the test unless
// the request is gone.
func (s *signing) assertGivenUp(t *testing.T) {
	t.Helper()
	if err := s.command.Wait(); err == nil {
		t.Error("notation has reported success")
	}
	s.bound(t)
	if _, err := io.Copy(io.Discard, s.lines); err != nil {
		t.Errorf("a process has stayed behind: %v", err)
	}
	assertEmpty(t, s.folder)
}

// However signing ends, no request stays that is no longer waited for.
func TestByHandTakesItsRequestBack(t *testing.T) {
	n := newNotation(t, specNamed("EC-256"))
	// Told no deadline, by-hand waits for longer than the plugin.
	const short, long, alone = "5s", "1m", "env SIGNER_DEADLINE= "
	const script, gaveNone = "sh -c 'SIGNER_DEADLINE= \"$0\"; exit $?' ", "the signer gave no answer within 5s"
	for name, test := range map[string]struct {
		timeout, by, notify string
		signal              syscall.Signal
		want                string
	}{
		"by-hand's deadline":     {timeout: short, want: "nobody answered until"},
		"plugin's timeout":       {timeout: short, by: alone, want: gaveNone},
		"while it is stopped":    {timeout: short, by: alone, notify: "kill -STOP $PPID;", want: gaveNone},
		"in a shell script":      {timeout: short, by: script, want: gaveNone},
		"SIGINT of notation":     {timeout: long, signal: syscall.SIGINT},
		"SIGTERM of notation":    {timeout: long, signal: syscall.SIGTERM},
		"SIGKILL of notation":    {timeout: long, signal: syscall.SIGKILL},
		"SIGTERM, it is stopped": {timeout: long, signal: syscall.SIGTERM, notify: "kill -STOP $PPID;"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var output bytes.Buffer
			s := startSigning(t, n, test.by+byHandProgram(t), test.timeout, test.notify, func(command *exec.Cmd) {
				command.Stderr = &output
				command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal
			})
			if test.signal != 0 {
				if err := s.command.Process.Signal(test.signal); err != nil {
					t.Fatal(err)
				}
			}
			s.assertGivenUp(t)
			if !strings.Contains(output.String(), test.want) {
				t.Errorf("said %q, want %q in it", &output, test.want)
			}
		})
	}
}

// At a terminal by-hand shares notation's group: the user's Ctrl-C reaches both,
// and the end of the timeout only by-hand.
func TestByHandTakesItsRequestBackAtATerminal(t *testing.T) {
	n := newNotation(t, specNamed("EC-256"))
	for name, test := range map[string]struct{ timeout, keys, want string }{
		"Ctrl-C":           {"1m", "\x03", "A signature is awaited."},
		"plugin's timeout": {"5s", "", "the signer gave no answer within 5s"},
	} {
		t.Run(name, func(t *testing.T) {
			controller, terminal := openTerminal(t)
			signer := "env SIGNER_DEADLINE= " + byHandProgram(t)
			s := startSigning(t, n, signer, test.timeout, "", func(command *exec.Cmd) {
				command.Stdin, command.Stdout, command.Stderr = terminal, terminal, terminal
				command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			})
			if err := terminal.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(controller, test.keys); err != nil {
				t.Fatal(err)
			}
			// Reading ends with an error, not an end of file, when all have closed it.
			screen, _ := io.ReadAll(controller)
			s.assertGivenUp(t)
			if !strings.Contains(string(screen), test.want) {
				t.Errorf("the terminal shows %q, want %q in it", screen, test.want)
			}
		})
	}
}
