package main_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

const (
	// sessionLimit bounds a run of e2e, and the wait for what it must do.
	sessionLimit = 5 * time.Minute
	// goneWithin bounds the end of all processes of a run that has been ended.
	goneWithin = 20 * time.Second
	// witnessFD is the descriptor of the witness in all processes of a run. It
	// is beyond those to which a program of the chain gives a meaning.
	witnessFD = 7
)

// A session is one run of e2e, started as a person starts it, in a temporary
// folder and at ports of its own.
type session struct {
	t              *testing.T
	cmd            *exec.Cmd
	tmp            string // its TMPDIR
	ci, production string
	listens        []string // addresses at which nobody listens after it
	args           []string
	env            []string

	// The witness is a pipe that e2e and all its descendants inherit, whatever
	// they do to their sessions and groups. Its end of file says that all of
	// them are gone.
	witness      *os.File
	witnessLines *bufio.Reader

	lines  chan string // of standard output and standard error, as they come
	mu     sync.Mutex
	output map[string]*strings.Builder
	copied sync.WaitGroup
	silent chan struct{} // closed when nobody is left to print anything
}

// runs bounds how many chains run at a time: each wants a gigabyte.
var runs = make(chan struct{}, 3)

// newSession prepares a run with arguments beside those for the ports. It has
// no node unless it asks for one.
func newSession(t *testing.T, args ...string) *session {
	t.Helper()
	awaitTurn(t)
	ci, production := freeAddress(t), freeAddress(t)
	without := []string{"--node", "off", "--ci-registry", ci, "--production-registry", production}
	s := newCommand(t, append(without, args...)...)
	s.ci, s.production, s.listens = ci, production, []string{ci, production}
	return s
}

// awaitTurn waits until a test may run a chain or a cluster.
func awaitTurn(t *testing.T) {
	t.Helper()
	runs <- struct{}{}
	t.Cleanup(func() { <-runs })
}

// start starts e2e, by default the program with its arguments.
func (s *session) start() *session {
	s.t.Helper()
	reader, writer, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	s.witness, s.witnessLines = reader, bufio.NewReader(reader)
	for range witnessFD - 2 {
		s.cmd.ExtraFiles = append(s.cmd.ExtraFiles, writer)
	}
	s.cmd.Env = append(append(os.Environ(), "TMPDIR="+s.tmp), s.env...)
	s.follow("stdout", &s.cmd.Stdout)
	s.follow("stderr", &s.cmd.Stderr)
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(s.end)
	for _, file := range []any{writer, s.cmd.Stdout, s.cmd.Stderr} {
		if err := file.(io.Closer).Close(); err != nil {
			s.t.Fatal(err)
		}
	}
	s.silent = make(chan struct{})
	go func() {
		s.copied.Wait()
		close(s.silent)
	}()
	return s
}

// end ends a run whose test has failed before its end.
func (s *session) end() {
	if s.cmd.ProcessState == nil {
		// It may have ended in the meantime.
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	}
	if s.t.Failed() {
		s.t.Logf("e2e %s\nstdout:\n%s\nstderr:\n%s", strings.Join(s.args, " "), s.text("stdout"), s.text("stderr"))
	}
}

// follow keeps what e2e prints and tells each line as it comes.
func (s *session) follow(name string, writer *io.Writer) {
	reader, pipe, err := os.Pipe()
	if err != nil {
		s.t.Fatal(err)
	}
	*writer = pipe
	s.copied.Go(func() {
		defer reader.Close()
		scanner := bufio.NewScanner(reader)
		scanner.Buffer(nil, 1<<20)
		for scanner.Scan() {
			s.mu.Lock()
			s.output[name].WriteString(scanner.Text() + "\n")
			s.mu.Unlock()
			s.lines <- scanner.Text()
		}
	})
}

func (s *session) text(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.output[name].String()
}

// awaitLine waits until e2e prints a line that contains words.
func (s *session) awaitLine(words string) {
	s.t.Helper()
	limit := time.After(sessionLimit)
	for {
		select {
		case line := <-s.lines:
			if strings.Contains(line, words) {
				return
			}
		case <-s.silent:
			if len(s.lines) == 0 {
				s.t.Fatalf("waiting for e2e to print %q: it has ended", words)
			}
		case <-limit:
			s.t.Fatalf("waiting for e2e to print %q: it hasn't within %s", words, sessionLimit)
		}
	}
}

// awaitReport waits until a process of the run writes a line into the witness.
func (s *session) awaitReport() string {
	s.t.Helper()
	if err := s.witness.SetReadDeadline(time.Now().Add(sessionLimit)); err != nil {
		s.t.Fatal(err)
	}
	line, err := s.witnessLines.ReadString('\n')
	if err != nil {
		s.t.Fatalf("waiting for a process to report: %v", err)
	}
	return strings.TrimSpace(line)
}

// awaitFile waits until there is a file or a folder that fits pattern, below
// the run's TMPDIR, and something in it.
func (s *session) awaitFile(pattern string) {
	s.t.Helper()
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		s.t.Fatal(err)
	}
	defer watcher.Close()
	limit := time.After(sessionLimit)
	found := s.tmp
	for element := range strings.SplitSeq(pattern, "/") {
		if err := watcher.Add(found); err != nil {
			s.t.Fatal(err)
		}
		for found = filepath.Join(found, element); !present(&found); {
			select {
			case <-watcher.Events:
			case <-s.silent:
				s.t.Fatalf("waiting for %s: e2e has ended", found)
			case <-limit:
				s.t.Fatalf("waiting for %s: it isn't there within %s", found, sessionLimit)
			}
		}
	}
}

// present replaces a pattern by what fits it, if something does.
func present(pattern *string) bool {
	found, err := filepath.Glob(*pattern)
	if err != nil || len(found) == 0 {
		return false
	}
	info, err := os.Stat(found[0])
	if err != nil || !info.IsDir() && info.Size() == 0 {
		return false
	}
	*pattern = found[0]
	return true
}

// signal sends a signal to e2e alone.
func (s *session) signal(signal syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(signal); err != nil {
		s.t.Fatal(err)
	}
}

// wait waits for e2e to end by itself, checks that nothing is left of it, and
// returns its exit status, -1 if it was killed.
func (s *session) wait() int {
	s.t.Helper()
	limit := time.AfterFunc(sessionLimit, func() {
		s.t.Errorf("e2e hasn't ended within %s", sessionLimit)
		_ = s.cmd.Process.Kill() // it may just have ended
	})
	err := s.cmd.Wait()
	limit.Stop()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		s.t.Fatal(err)
	}
	s.checkGone()
	return s.cmd.ProcessState.ExitCode()
}

// checkGone checks that no process, no file and no listener is left.
func (s *session) checkGone() {
	s.t.Helper()
	if err := s.witness.SetReadDeadline(time.Now().Add(goneWithin)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, s.witnessLines); err != nil {
		s.t.Errorf("a process has stayed behind: %v", err)
	}
	s.copied.Wait()
	left, err := filepath.Glob(filepath.Join(s.tmp, "*"))
	if err != nil {
		s.t.Fatal(err)
	}
	if len(left) > 0 {
		s.t.Errorf("files have stayed behind: %s", left)
	}
	for _, address := range s.listens {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			s.t.Errorf("somebody still listens: %v", err)
			continue
		}
		if err := listener.Close(); err != nil {
			s.t.Fatal(err)
		}
	}
}

// checkError checks that e2e has printed one error, which contains all words.
func (s *session) checkError(words ...string) {
	s.t.Helper()
	text := s.text("stderr")
	if strings.Count("\n"+text, "\ne2e: ") != 1 || !strings.HasPrefix(text, "e2e: ") {
		s.t.Errorf("standard error isn't one error:\n%s", text)
	}
	for _, word := range words {
		if !strings.Contains(text, word) {
			s.t.Errorf("the error doesn't say %q:\n%s", word, text)
		}
	}
}

// shortTempDir makes a folder for a test. That of t.TempDir has a longer path
// than the name of a test has use for.
func shortTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "e2e-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}
