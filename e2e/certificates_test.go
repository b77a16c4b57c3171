package main_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestCertificates takes the CA out of a chain, and makes nothing else
// beside it.
func TestCertificates(t *testing.T) {
	t.Parallel()
	dir := shortTempDir(t)
	own := newIdentity(t, dir, "EC-256")
	output := filepath.Join(dir, "taken")
	if status := newCommand(t, "certificates", "--certificate-chain", own.chain,
		"--output", output).start().wait(); status != 0 {
		t.Fatalf("exit status %d, not 0", status)
	}
	files, err := os.ReadDir(output)
	if err != nil || len(files) != 1 {
		t.Errorf("written are %v, not ca.crt alone (%v)", files, err)
	}
	if taken := readFile(t, filepath.Join(output, "ca.crt")); !bytes.Equal(taken, readFile(t, own.ca)) {
		t.Errorf("taken is another certificate:\n%s", taken)
	}
}
