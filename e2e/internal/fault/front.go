package fault

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"

	"container-signing/internal/hint"
)

// A Front answers at the address of a registry, in place of the registry behind
// it: as that does, or as the [Mode] says that it is in.
type Front struct {
	address string
	behind  http.Handler

	mu   sync.Mutex
	hits *atomic.Int64
	end  func() error // of the mode
}

// Open opens a front at an address, which hands all on to the registry behind.
func Open(address, behind string) (*Front, error) {
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "http", Host: behind})
			// The registry makes URLs of it.
			r.Out.Host = r.In.Host
		},
		// Whoever asks is told by status 502.
		ErrorLog: log.New(io.Discard, "", 0),
	}
	f := &Front{address: address, behind: proxy}
	if err := f.Set(Passing()); err != nil {
		return nil, hint.Add(fmt.Errorf("opening --production-registry: %w", err), "give another address")
	}
	return f, nil
}

// Set puts the front into a mode, and ends all connections of the one before.
func (f *Front) Set(mode Mode) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.close(); err != nil {
		return err
	}
	f.hits = new(atomic.Int64)
	if mode.answer == nil {
		return nil
	}
	listener, err := net.Listen("tcp", f.address)
	if err != nil {
		return fmt.Errorf("listening in front of the registry: %w", err)
	}
	f.address = listener.Addr().String()
	over := make(chan struct{})
	server := &http.Server{
		ErrorLog: log.New(io.Discard, "", 0), TLSConfig: mode.tls,
		Handler: mode.handler(visit{behind: f.behind, over: over}, f.hits),
	}
	served := make(chan struct{})
	go func() {
		serve(server, counted(listener, mode, f.hits))
		close(served)
	}()
	f.end = func() error {
		close(over)
		err := server.Close()
		// The server may not have come to know it yet.
		if closing := listener.Close(); !errors.Is(closing, net.ErrClosed) {
			err = errors.Join(err, closing)
		}
		<-served
		return err
	}
	return nil
}

// handler answers what is meant as the mode does, and counts that.
func (m Mode) handler(v visit, hits *atomic.Int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m.meant != nil && !m.meant(r) {
			v.behind.ServeHTTP(w, r)
			return
		}
		hits.Add(1)
		m.answer(v, w, r)
	})
}

// serve serves until the server is closed.
func serve(server *http.Server, listener net.Listener) {
	if server.TLSConfig != nil {
		_ = server.ServeTLS(listener, "", "")
		return
	}
	_ = server.Serve(listener)
}

// A countedListener counts connections, where it is they that meet the fault.
type countedListener struct {
	net.Listener
	hits *atomic.Int64
}

func counted(listener net.Listener, mode Mode, hits *atomic.Int64) net.Listener {
	if mode.tls == nil {
		return listener
	}
	return countedListener{listener, hits}
}

func (l countedListener) Accept() (net.Conn, error) {
	connection, err := l.Listener.Accept()
	if err == nil {
		l.hits.Add(1)
	}
	return connection, err
}

// Hits is how often the mode has been met. That a connection is refused only
// those know who have asked.
func (f *Front) Hits() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int(f.hits.Load())
}

// Close ends the front with all its connections.
func (f *Front) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.close()
}

func (f *Front) close() error {
	if f.end == nil {
		return nil
	}
	end := f.end
	f.end = nil
	if err := end(); err != nil {
		return fmt.Errorf("closing what is in front of the registry: %w", err)
	}
	return nil
}
