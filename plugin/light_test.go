package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestStaysLight keeps packages out of the plugin that notation would wait for at
// each of its three starts a signature, or that have no business in it.
func TestStaysLight(t *testing.T) {
	output, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := strings.Fields(string(output))
	if !slices.Contains(linked, "container-signing/internal/keyspec") {
		t.Fatalf("these can't be all packages: %q", linked)
	}
	for _, heavy := range []string{
		"testing", "net/http", "crypto/tls", "text/template", "regexp",
		"container-signing/internal/pki", "container-signing/tools", "github.com/notaryproject/notation-go",
	} {
		if slices.Contains(linked, heavy) {
			t.Errorf("the plugin links %s", heavy)
		}
	}
}
