package process

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"sync"
)

// A log keeps what a process prints: all of it in a file, the end of it in
// memory, so that there is something to show even when the disk is full.
type log struct {
	path    string
	file    *os.File
	line    *regexp.Regexp
	matched chan struct{} // closed when a line matches

	mu       sync.Mutex
	tail     []string
	writeErr error
}

const (
	tailLines = 15
	// lineLimit bounds, in bytes, what is shown of one line: the rest is, as
	// programs log in JSON, a stack trace.
	lineLimit = 400
)

// stackTrace matches the lines of a Go program's stack trace: they would push
// what the program said before out of the tail.
var stackTrace = regexp.MustCompile(`^(\s*$|\t|goroutine \d+ \[|created by |[^\s{]+\(.*\)\s*$)`)

func newLog(path string, line *regexp.Regexp) (*log, error) {
	// A process that is started again goes on in its log.
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	return &log{path: path, file: file, line: line, matched: make(chan struct{})}, nil
}

// copy takes what the process prints until it prints no more.
func (l *log) copy(from io.Reader) {
	lines := bufio.NewReaderSize(io.TeeReader(from, l), 32<<10)
	found, whole := l.line == nil, true
	for {
		line, err := lines.ReadSlice('\n')
		if whole && len(line) > 0 && !stackTrace.Match(line) {
			l.remember(line)
		}
		whole = err == nil
		if !found && l.line.Match(line) {
			found = true
			close(l.matched)
		}
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return
		}
	}
}

// Write writes to the file. It keeps the first error for the end: what can't
// be written has to be read nevertheless.
func (l *log) Write(printed []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.writeErr == nil {
		_, l.writeErr = l.file.Write(printed)
	}
	return len(printed), nil
}

// remember puts the begin of a line into the tail.
func (l *log) remember(begin []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := strings.TrimRight(string(begin), "\r\n")
	if len(line) > lineLimit {
		line = strings.ToValidUTF8(line[:lineLimit], "") + "…"
	}
	if l.tail = append(l.tail, line); len(l.tail) > tailLines {
		l.tail = l.tail[1:]
	}
}

// end renders the last lines for an error.
func (l *log) end() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.tail) == 0 {
		return "; it printed nothing"
	}
	return fmt.Sprintf("; the end of its log:\n    %s", strings.Join(l.tail, "\n    "))
}

// close closes the file and returns the first fault of writing it.
func (l *log) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.file.Close(); l.writeErr == nil {
		l.writeErr = err
	}
	return l.writeErr
}
