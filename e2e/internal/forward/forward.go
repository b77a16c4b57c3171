// Package forward joins connections.
package forward

import (
	"errors"
	"io"
	"net"
	"sync"
)

// Serve connects whoever connects to a listener with what dial reaches. It
// goes on until the listener is closed, or this process ends.
func Serve(listener net.Listener, dial func() (net.Conn, error)) {
	for {
		from, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			to, err := dial()
			if err != nil {
				// The end of the connection is all that the other side
				// can be told.
				_ = from.Close()
				return
			}
			join(from, to)
		}()
	}
}

// join copies in both directions, and hands on which of them ends first.
func join(a, b net.Conn) {
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{a, b}, {b, a}} {
		both.Go(func() {
			// An error ends this direction as its end would.
			_, _ = io.Copy(pair[0], pair[1])
			if half, ok := pair[0].(interface{ CloseWrite() error }); ok {
				// Whoever is gone already needs no end of file.
				_ = half.CloseWrite()
			}
		})
	}
	both.Wait()
	_ = errors.Join(a.Close(), b.Close()) // both have been read to their ends
}
