package main_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestStaysLight keeps out of the verifier, which containerd starts for each pull,
// what the doctor could do with: these double its size and the time to start.
func TestStaysLight(t *testing.T) {
	output, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := strings.Fields(string(output))
	if !slices.Contains(linked, "container-signing/plugin/image-verifier/internal/doctor") {
		t.Fatalf("these can't be all packages: %q", linked)
	}
	for _, heavy := range []string{
		"testing", "google.golang.org/grpc", "k8s.io/cri-api/pkg/apis/runtime/v1", "container-signing/internal/pki",
		"github.com/google/go-containerregistry/pkg/v1/remote",
	} {
		if slices.Contains(linked, heavy) {
			t.Errorf("the verifier links %s", heavy)
		}
	}
}
