package tools

import (
	"slices"
	"strings"
	"testing"
)

func TestBuiltName(t *testing.T) {
	for pkg, want := range map[string]string{
		"go.etcd.io/etcd/server/v3":                 "server",
		"github.com/notaryproject/notation/cmd/v2x": "v2x",
		"k8s.io/kubernetes/cmd/kubectl":             "kubectl",
		"v3":                                        "v3",
	} {
		if got := builtName(pkg); got != want {
			t.Errorf("builtName(%q) = %q, not %q", pkg, got, want)
		}
	}
}

// TestLinkerFlags compares with what the upstreams' own builds set.
func TestLinkerFlags(t *testing.T) {
	for name, want := range map[string]string{
		"oras": "-s -w",
		"runc": "-s -w -extldflags=-static",
		"kubernetes": "-s -w -X k8s.io/component-base/version.gitMajor=1" +
			" -X k8s.io/component-base/version.gitMinor=36 -X k8s.io/component-base/version.gitVersion=v1.36.3",
		"containerd": "-s -w -X github.com/containerd/containerd/v2/version.Version=v1.36.3",
	} {
		i := slices.IndexFunc(modules, func(m module) bool { return m.name == name })
		if got := linkerFlags(modules[i], "v1.36.3"); got != want {
			t.Errorf("%s is linked with %q, not %q", name, got, want)
		}
	}
	if variables := kubernetesVersion("v2"); len(variables) != 1 {
		t.Errorf("a version without a minor one sets %v", variables)
	}
}

func TestPlatformEnvironment(t *testing.T) {
	for platform, want := range map[string]string{"linux/arm64": "GOOS=linux GOARCH=arm64", "": ""} {
		if got := strings.Join(platformEnvironment(platform), " "); got != want {
			t.Errorf("%q is built with %q, not %q", platform, got, want)
		}
	}
}
