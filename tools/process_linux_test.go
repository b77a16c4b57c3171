package tools

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestInterruptEndsCompilers interrupts a go command that has started another
// process, as it does for each package. The pipe of that one ends with it.
func TestInterruptEndsCompilers(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "alive")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	run := fakeGo(t, `sh -c 'echo started; exec sleep 1000' >"`+fifo+`" & wait`)
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := make(chan error)
	go func() { ended <- run.do(ctx, nil, nil, "build") }()
	alive, err := os.Open(fifo)
	if err != nil {
		t.Fatal(err)
	}
	defer alive.Close()
	if _, err := alive.Read(make([]byte, len("started\n"))); err != nil {
		t.Fatal(err)
	}
	interrupted := errors.New("interrupted by the test")
	cancel(interrupted)
	if err := <-ended; !errors.Is(err, interrupted) || !strings.Contains(err.Error(), "building own") {
		t.Errorf("got %v", err)
	}
	if rest, err := io.ReadAll(alive); err != nil || len(rest) > 0 {
		t.Errorf("the compiler says %q (%v)", rest, err)
	}
}
