package signer

import (
	"os"
	"sync"
)

// A reader takes in what the signer prints, and holds no more of it than limit.
type reader struct {
	file  *os.File
	limit int
	// keepEnd makes it drop the beginning of what is too long, and read on; else
	// it stops and closes overflow.
	keepEnd  bool
	overflow chan struct{}
	done     chan struct{}

	mu      sync.Mutex
	content []byte
	dropped bool
}

func newReader(file *os.File, limit int, keepEnd bool) *reader {
	r := &reader{file: file, limit: limit, keepEnd: keepEnd, overflow: make(chan struct{}), done: make(chan struct{})}
	go r.read()
	return r
}

// read ends at the end of the file, on overflow, or when the file is closed.
func (r *reader) read() {
	defer close(r.done)
	buffer := make([]byte, 4<<10)
	for {
		n, err := r.file.Read(buffer)
		if !r.take(buffer[:n]) {
			close(r.overflow)
			return
		}
		if err != nil {
			return
		}
	}
}

// take reports whether there is reason to read on.
func (r *reader) take(data []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.content = append(r.content, data...)
	excess := len(r.content) - r.limit
	if excess <= 0 {
		return true
	}
	r.dropped = true
	if r.keepEnd {
		r.content = append(r.content[:0], r.content[excess:]...)
	}
	return r.keepEnd
}

// close ends reading. The content doesn't change any more.
func (r *reader) close() {
	closeAll(r.file)
	<-r.done
}

func (r *reader) overflowed() bool {
	select {
	case <-r.overflow:
		return true
	default:
		return false
	}
}

// tail returns the end of the content, to be called after close.
func (r *reader) tail() string {
	if r.dropped {
		return "…" + string(r.content)
	}
	return string(r.content)
}

// closeAll closes files that nothing was written to or that are read no more,
// so that an error of closing says nothing.
func closeAll(files ...*os.File) {
	for _, file := range files {
		if file != nil {
			_ = file.Close()
		}
	}
}
