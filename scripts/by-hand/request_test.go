package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"container-signing/internal/keyspec"
)

func newTestRequest(t *testing.T) *request {
	t.Helper()
	settings := settings{
		folder: t.TempDir(), deadline: deadline{time.Now(), errors.New("late")}, spec: keyspec.All()[0],
	}
	request, err := newRequest(settings, []byte("payload"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := request.remove(); err != nil {
			t.Error(err)
		}
	})
	return request
}

// The end of a command that is ended together with the request isn't why the
// request was given up. Both are known at once here, and a select
// takes any of the two.
func TestWaitNamesTheInterruption(t *testing.T) {
	for range 50 {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("interrupted by the test"))
		notified := make(chan error, 1)
		notified <- errors.New("running EXTERNAL_NOTIFY: context canceled")
		close(notified)
		_, err := newTestRequest(t).wait(ctx, notified)
		if err == nil || !strings.Contains(err.Error(), "interrupted by the test") {
			t.Fatalf("got %v", err)
		}
	}
}

// Where nothing else has happened, a command that fails ends the request.
func TestWaitNamesTheCommandThatFails(t *testing.T) {
	notified := make(chan error, 1)
	notified <- errors.New("running EXTERNAL_NOTIFY: exit status 3")
	_, err := newTestRequest(t).wait(t.Context(), notified)
	if err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Fatalf("got %v", err)
	}
}
