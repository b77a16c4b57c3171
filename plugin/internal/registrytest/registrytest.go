// Package registrytest runs the real registry for tests.
package registrytest

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"testing"
)

var listening = regexp.MustCompile(`listening on (127\.0\.0\.1:\d+)`)

// Start runs the registry that program is, with its content in memory and in
// plain HTTP, until the test ends. It returns the registry's address.
func Start(t testing.TB, program string) string {
	t.Helper()
	config := filepath.Join(t.TempDir(), "config.yml")
	content := "version: 0.1\nstorage: {inmemory: {}}\nhttp: {addr: '127.0.0.1:0'}\nlog: {formatter: text}\n"
	if err := os.WriteFile(config, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, "serve", config)
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address, drained := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(drained)
		defer close(address)
		for lines := bufio.NewScanner(log); lines.Scan(); {
			if match := listening.FindStringSubmatch(lines.Text()); match != nil {
				address <- match[1]
			}
		}
	}()
	t.Cleanup(func() {
		cancel()
		<-drained
		if err := cmd.Wait(); err == nil || cmd.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
			t.Errorf("the registry ended by itself: %v", err)
		}
	})
	listener, ok := <-address
	if !ok {
		t.Fatal("the registry has ended before it listened")
	}
	return listener
}
