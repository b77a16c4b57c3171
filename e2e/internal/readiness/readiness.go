// Package readiness lets others wait for what is being started. Whoever asks
// is answered when there is an answer, and needn't ask again.
package readiness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
)

// Path is where a gate is asked, by HTTP. It is called as Kubernetes calls
// such paths.
const Path = "/readyz"

// A Gate answers who asks whether something is ready: with status 200 once it
// is, or with status 503 and the reason once it is known that it never will
// be. Until then the answer waits.
type Gate struct {
	address net.Addr
	server  http.Server
	settle  sync.Once
	settled chan struct{}
	reason  error // why it never will be ready
}

// Open lets a gate be asked at an address, host and port, until it is closed.
func Open(address string) (*Gate, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	g := &Gate{address: listener.Addr(), settled: make(chan struct{})}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Path, g.answer)
	g.server.Handler = mux
	go func() { _ = g.server.Serve(listener) }() // until it is closed
	return g, nil
}

func (g *Gate) answer(w http.ResponseWriter, r *http.Request) {
	select {
	case <-g.settled:
	case <-r.Context().Done():
		return
	}
	// Who is gone meanwhile needs no answer.
	if g.reason != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, g.reason.Error())
		return
	}
	_, _ = io.WriteString(w, "ok")
}

// URL is where the gate is asked.
func (g *Gate) URL() string { return "http://" + g.address.String() + Path }

// Ready says that it is ready. Nothing that is said after it counts.
func (g *Gate) Ready() { g.say(nil) }

// Fail says why it never will be ready.
func (g *Gate) Fail(reason error) { g.say(reason) }

func (g *Gate) say(reason error) {
	g.settle.Do(func() {
		g.reason = reason
		close(g.settled)
	})
}

// Close fails if nothing has been said, and returns when all who have asked
// are answered, or ctx ends.
func (g *Gate) Close(ctx context.Context) error {
	g.Fail(errors.New("it has been stopped before"))
	return errors.Join(g.server.Shutdown(ctx), g.server.Close())
}

// Await asks the gate at a URL, and returns when what it stands for is ready.
// It is an error if it never will be, or if nobody answers.
func Await(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	// A connection of its own, so that none is kept open, and to the very host
	// of the URL: a proxy would give up before there is an answer.
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusOK {
		return nil
	}
	words, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
	if err != nil {
		return fmt.Errorf("reading the answer %s: %w", response.Status, err)
	}
	return fmt.Errorf("%s: %s", response.Status, strings.TrimSpace(string(words)))
}
