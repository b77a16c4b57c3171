package forward

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// limit bounds what a test waits for.
const limit = 20 * time.Second

// listen listens on loopback until the test ends.
func listen(t *testing.T) net.Listener {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener
}

// forwarded serves what an address of its own is connected with, and returns
// that address.
func forwarded(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	behind, front := listen(t), listen(t)
	go func() {
		for {
			connection, err := behind.Accept()
			if err != nil {
				return
			}
			go serve(connection)
		}
	}()
	go Serve(front, func() (net.Conn, error) { return net.Dial("tcp", behind.Addr().String()) })
	return front.Addr().String()
}

// dial connects, for no longer than the limit.
func dial(t *testing.T, address string) *net.TCPConn {
	t.Helper()
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	if err := connection.SetDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	return connection.(*net.TCPConn)
}

// TestHalfClosed sends all and says so, and is answered only then: the end of
// one direction isn't that of the other.
func TestHalfClosed(t *testing.T) {
	address := forwarded(t, func(c net.Conn) {
		defer c.Close()
		content, err := io.ReadAll(c)
		if err != nil {
			t.Error(err)
		}
		if _, err := c.Write(bytes.ToUpper(content)); err != nil {
			t.Error(err)
		}
	})
	// Several at a time, each with its own content.
	var all sync.WaitGroup
	for i := range 8 {
		connection := dial(t, address)
		all.Go(func() {
			sent := strings.Repeat(string(rune('a'+i)), 1<<20)
			go func() {
				_, err := io.WriteString(connection, sent)
				if err := errors.Join(err, connection.CloseWrite()); err != nil {
					t.Error(err)
				}
			}()
			got, err := io.ReadAll(connection)
			if err != nil || string(got) != strings.ToUpper(sent) {
				t.Errorf("%d bytes come back (%v)", len(got), err)
			}
		})
	}
	all.Wait()
}

// TestServerSpeaksFirst greets before anything is sent, and ends before the
// client does.
func TestServerSpeaksFirst(t *testing.T) {
	address := forwarded(t, func(c net.Conn) {
		if _, err := io.WriteString(c, "hello"); err != nil {
			t.Error(err)
		}
		c.Close()
	})
	if got, err := io.ReadAll(dial(t, address)); err != nil || string(got) != "hello" {
		t.Errorf("got %q (%v)", got, err)
	}
}

// TestClientGone lets go of what an ended client was connected with.
func TestClientGone(t *testing.T) {
	ended := make(chan struct{})
	address := forwarded(t, func(c net.Conn) {
		defer c.Close()
		_, _ = io.Copy(io.Discard, c) // it may end by a reset as well
		close(ended)
	})
	connection := dial(t, address)
	if _, err := io.WriteString(connection, "half of a requ"); err != nil {
		t.Fatal(err)
	}
	// With a reset instead of an end, as of a process that is killed.
	if err := errors.Join(connection.SetLinger(0), connection.Close()); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(limit):
		t.Error("the other side isn't told that the client is gone")
	}
}

// TestNobodyBehind closes the connection: there is no other way to tell. The
// next one is served if somebody is there by then.
func TestNobodyBehind(t *testing.T) {
	front, behind := listen(t), listen(t)
	var calls atomic.Int32
	go Serve(front, func() (net.Conn, error) {
		if calls.Add(1) == 1 {
			return nil, errors.New("nobody is there")
		}
		return net.Dial("tcp", behind.Addr().String())
	})
	if got, err := io.ReadAll(dial(t, front.Addr().String())); len(got) > 0 {
		t.Errorf("got %q (%v)", got, err)
	}
	connection := dial(t, front.Addr().String())
	accepted, err := behind.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(accepted, "here"); err != nil {
		t.Fatal(err)
	}
	accepted.Close()
	if got, err := io.ReadAll(connection); err != nil || string(got) != "here" {
		t.Errorf("got %q (%v)", got, err)
	}
}

// TestServeEnds returns when the listener is closed. What is connected goes on.
func TestServeEnds(t *testing.T) {
	front, behind := listen(t), listen(t)
	ended := make(chan struct{})
	go func() {
		Serve(front, func() (net.Conn, error) { return net.Dial("tcp", behind.Addr().String()) })
		close(ended)
	}()
	connection := dial(t, front.Addr().String())
	accepted, err := behind.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer accepted.Close()
	if err := front.Close(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ended:
	case <-time.After(limit):
		t.Fatal("it goes on without a listener")
	}
	if _, err := io.WriteString(connection, "still"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(accepted, make([]byte, len("still"))); err != nil {
		t.Errorf("what was connected has ended: %v", err)
	}
}
