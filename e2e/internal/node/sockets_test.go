package node

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"container-signing/e2e/internal/forward"
)

// echo answers each connection with what it has sent, once it has sent all.
func echo(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer connection.Close()
				content, err := io.ReadAll(connection)
				if err == nil {
					_, err = connection.Write(content)
				}
				if err != nil {
					t.Error(err)
				}
			}()
		}
	}()
	return listener.Addr().String()
}

// TestForwardBothWays sends more than any buffer holds through both halves of
// a forwarded address, one after the other.
func TestForwardBothWays(t *testing.T) {
	// Longer than the path of a socket can be.
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 40))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	address := echo(t)
	if err := offer(dir, []string{address}); err != nil {
		t.Fatal(err)
	}
	sockets, err := openSockets(dir)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go forward.Serve(listener, sockets.dialer(address))
	runtime.GC() // what nobody holds is closed
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<17)
	for range 2 {
		connection, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			_, err := connection.Write(content)
			if err == nil {
				err = connection.(*net.TCPConn).CloseWrite()
			}
			if err != nil {
				t.Error(err)
			}
		}()
		answer, err := io.ReadAll(connection)
		if err != nil || !bytes.Equal(answer, content) {
			t.Errorf("%d bytes came back of %d: %v", len(answer), len(content), err)
		}
		if err := connection.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestForwardToNobody closes the connection: there is no other way to tell.
func TestForwardToNobody(t *testing.T) {
	sockets, err := openSockets(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go forward.Serve(listener, sockets.dialer("127.0.0.1:1"))
	connection, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if answer, err := io.ReadAll(connection); len(answer) > 0 {
		t.Errorf("there is an answer: %q, %v", answer, err)
	}
}
