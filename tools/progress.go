package tools

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"container-signing/internal/terminal"
)

// progress shows which module of how many is built, what the build is doing,
// and for how long.
type progress struct {
	line  *terminal.Line
	total int

	mu       sync.Mutex
	number   int
	name     string
	activity string
	packages int
	since    time.Time
}

func newProgress(out io.Writer, total int) *progress {
	return &progress{line: terminal.NewLine(out, true), total: total}
}

// start begins to show the next module.
func (p *progress) start(name string) {
	p.mu.Lock()
	p.number++
	p.name, p.activity, p.packages, p.since = name, "starting", 0, time.Now()
	p.mu.Unlock()
	p.line.Printf("building tool %d of %d: %s\n", p.number, p.total, name)
	p.line.Start(p.text)
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
	p.activity = fmt.Sprintf("compiling, %d packages so far, %s", p.packages, line)
}

func (p *progress) text() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("  %s, %s, %s", p.name, time.Since(p.since).Round(time.Second), p.activity)
}

// built says that the module is there.
func (p *progress) built() {
	// Only start changes what is read here; p must not be locked while the
	// line asks for its text.
	took := time.Since(p.since).Round(100 * time.Millisecond)
	p.line.Printf("built tool %d of %d: %s in %s\n", p.number, p.total, p.name, took)
}

// stop ends what start began.
func (p *progress) stop() { p.line.Stop() }
