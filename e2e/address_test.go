package main_test

import (
	"fmt"
	"net"
	"sync"
	"testing"
)

// addresses are those that freeAddress has returned.
var addresses sync.Map

// freeAddress returns an address of loopback on which nobody listens, and
// another one each time: what it is for may not listen there yet when the next
// is asked for.
func freeAddress(t *testing.T) string {
	t.Helper()
	return freeAddressOf(t, "127.0.0.1")
}

// freeAddressOf returns one of another host of this machine.
func freeAddressOf(t *testing.T, host string) string {
	t.Helper()
	for {
		listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
		if err != nil {
			t.Fatal(err)
		}
		address := fmt.Sprint(listener.Addr())
		if err := listener.Close(); err != nil {
			t.Fatal(err)
		}
		if _, taken := addresses.LoadOrStore(address, true); !taken {
			return address
		}
	}
}
