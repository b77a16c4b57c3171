package tools

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// progress shows a person that a long build is alive: on a terminal one line
// that is renewed every second, elsewhere a line at the start, every half
// minute and at the end.
type progress struct {
	out      io.Writer
	terminal bool
	width    int
	total    int

	mu       sync.Mutex
	number   int
	name     string
	activity string
	packages int
	since    time.Time
	stopping chan struct{}
	stopped  sync.WaitGroup
}

func newProgress(out io.Writer, total int) *progress {
	p := &progress{out: out, total: total, width: 100}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		p.terminal = true
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 20 {
			p.width = width
		}
	}
	return p
}

// start begins to show the next module.
func (p *progress) start(m module) {
	p.mu.Lock()
	p.number++
	p.name, p.activity, p.packages, p.since = m.name, "starting", 0, time.Now()
	p.stopping = make(chan struct{})
	p.mu.Unlock()
	every := 30 * time.Second
	if p.terminal {
		every = time.Second
	}
	if !p.terminal {
		fmt.Fprintf(p.out, "building tool %d of %d: %s\n", p.number, p.total, m.name)
	}
	p.stopped.Add(1)
	go p.renew(every, p.stopping)
}

// renew shows the state until stopping is closed. The clock here only paces a
// display; nothing waits for it.
func (p *progress) renew(every time.Duration, stopping <-chan struct{}) {
	defer p.stopped.Done()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-stopping:
			return
		case <-ticker.C:
			p.print()
		}
	}
}

// doing takes a line that go prints: a package being compiled or a module
// being downloaded.
func (p *progress) doing(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if rest, ok := strings.CutPrefix(line, "go: "); ok {
		p.activity = rest
		return
	}
	p.packages++
	p.activity = fmt.Sprintf("compiling, %d packages, %s", p.packages, line)
}

func (p *progress) print() {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := fmt.Sprintf("building tool %d of %d: %s, %s, %s",
		p.number, p.total, p.name, time.Since(p.since).Round(time.Second), p.activity)
	if !p.terminal {
		fmt.Fprintln(p.out, line)
		return
	}
	if len(line) > p.width-1 {
		line = line[:p.width-1]
	}
	p.clear()
	fmt.Fprint(p.out, line)
}

// built says that the module is there.
func (p *progress) built() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
	fmt.Fprintf(p.out, "built tool %d of %d: %s in %s\n",
		p.number, p.total, p.name, time.Since(p.since).Round(100*time.Millisecond))
}

// stop ends what start began.
func (p *progress) stop() {
	close(p.stopping)
	p.stopped.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clear()
}

// clear takes the line that is renewed off the terminal.
func (p *progress) clear() {
	if p.terminal {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
