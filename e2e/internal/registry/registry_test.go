package registry

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
)

func TestCheckFree(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	taken := listener.Addr().String()
	err = CheckFree("ci-registry", taken)
	want := fmt.Sprintf("--ci-registry %s is taken by process %d (%s", taken, os.Getpid(), os.Args[0])
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("the error is %v, not %q", err, want)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := CheckFree("ci-registry", taken); err != nil {
		t.Errorf("a free address: %v", err)
	}
	for _, address := range []string{"", "localhost", "5002", "127.0.0.1:5002:1", "127.0.0.1:none", "192.0.2.1:5002"} {
		if err := CheckFree("ci-registry", address); err == nil || !strings.Contains(err.Error(), "give ") {
			t.Errorf("%q: the error is %v", address, err)
		}
	}
}
