// Package terminal shows a person that something long is alive: a last line
// that is renewed every second, below what is printed for good.
package terminal

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

const clearLine = "\r\x1b[K"

// A Line is the last line of a terminal. Where the output is no terminal it
// shows nothing, or what it would show as a line for good every half minute,
// for those who read a log.
type Line struct {
	out      io.Writer
	terminal *os.File // out, if that is one
	inLogs   bool
	every    time.Duration // how often it is shown anew

	mu       sync.Mutex
	text     func() string
	stopping chan struct{}
	stopped  sync.WaitGroup
}

// NewLine returns a line of out. With inLogs it is also shown where out is no
// terminal.
func NewLine(out io.Writer, inLogs bool) *Line {
	l := &Line{out: out, inLogs: inLogs, every: 30 * time.Second}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		l.terminal, l.every = file, time.Second
	}
	return l
}

// Start begins to show what text returns, until Stop. The clock only paces a
// display: nothing waits for it.
func (l *Line) Start(text func() string) {
	l.mu.Lock()
	l.text, l.stopping = text, make(chan struct{})
	stopping := l.stopping
	l.mu.Unlock()
	l.stopped.Go(func() {
		ticker := time.NewTicker(l.every)
		defer ticker.Stop()
		for {
			select {
			case <-stopping:
				return
			case <-ticker.C:
				l.Renew()
			}
		}
	})
}

// Stop takes the line off the terminal.
func (l *Line) Stop() {
	close(l.stopping)
	l.stopped.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clear()
	l.text = nil
}

// Renew shows the line anew.
func (l *Line) Renew() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clear()
	l.show()
}

// Printf prints for good, above the line.
func (l *Line) Printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.clear()
	fmt.Fprintf(l.out, format, args...)
	if l.terminal != nil {
		l.show()
	}
}

func (l *Line) clear() {
	if l.terminal != nil && l.text != nil {
		fmt.Fprint(l.out, clearLine)
	}
}

func (l *Line) show() {
	if l.text == nil {
		return
	}
	text := l.text()
	switch {
	case text == "":
	case l.terminal != nil:
		// A line that wraps can't be taken back.
		fmt.Fprint(l.out, Cut(Printable(text), l.width()-1))
	case l.inLogs:
		fmt.Fprintln(l.out, text)
	}
}

// width is how many columns the terminal has now: its window may be resized.
func (l *Line) width() int {
	if width, _, err := term.GetSize(int(l.terminal.Fd())); err == nil && width > 1 {
		return width
	}
	return 80
}
