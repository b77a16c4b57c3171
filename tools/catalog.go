package tools

import (
	"runtime"
	"strings"
)

// modules are all that can be asked for, in the order in which it is built.
// Each is a folder of tools/, and each folder of tools/ with a go.mod is here.
// What only the static checks need is pinned in tools/check, and isn't.
var modules = []module{
	{
		name: "notation", upstream: "github.com/notaryproject/notation",
		programs: map[string]string{"notation": "github.com/notaryproject/notation/cmd/notation"},
	},
	{
		name: "oras", upstream: "oras.land/oras",
		programs: map[string]string{"oras": "oras.land/oras/cmd/oras"},
	},
	{
		name: "registry", upstream: "github.com/distribution/distribution/v3",
		programs: map[string]string{"registry": "github.com/distribution/distribution/v3/cmd/registry"},
	},
	{
		name: "busybox", upstream: "github.com/u-root/u-root",
		platforms: []string{"linux/amd64", "linux/arm64"}, finish: makeBusybox, makes: "busybox", recipe: 1,
	},
	{
		name: "etcd", upstream: "go.etcd.io/etcd/server/v3",
		programs: map[string]string{"etcd": "go.etcd.io/etcd/server/v3"},
	},
	{
		name: "kubernetes", upstream: "k8s.io/kubernetes",
		programs: map[string]string{
			"kube-apiserver":          "k8s.io/kubernetes/cmd/kube-apiserver",
			"kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
			"kube-scheduler":          "k8s.io/kubernetes/cmd/kube-scheduler",
			"kubectl":                 "k8s.io/kubernetes/cmd/kubectl",
		},
		versionVariables: kubernetesVersion,
	},
	{
		name: "kyverno", upstream: "github.com/kyverno/kyverno",
		programs: map[string]string{"kyverno": "github.com/kyverno/kyverno/cmd/kyverno"},
		assets:   map[string]string{"kyverno-crds": "config/crds"},
	},
	{
		name: "kubelet", folder: "kubernetes", upstream: "k8s.io/kubernetes", node: true,
		programs:         map[string]string{"kubelet": "k8s.io/kubernetes/cmd/kubelet"},
		versionVariables: kubernetesVersion,
	},
	{
		name: "containerd", upstream: "github.com/containerd/containerd/v2", node: true,
		programs: map[string]string{
			"containerd":              "github.com/containerd/containerd/v2/cmd/containerd",
			"containerd-shim-runc-v2": "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
			"ctr":                     "github.com/containerd/containerd/v2/cmd/ctr",
		},
		versionVariables: containerdVersion,
	},
	{
		name: "runc", upstream: "github.com/opencontainers/runc", node: true, static: true,
		programs: map[string]string{"runc": "github.com/opencontainers/runc"},
	},
	{
		name: "runc-unfiltered", node: true,
		programs: map[string]string{"runc-unfiltered": "container-signing/tools/runc-unfiltered"},
	},
	{
		name: "cni", upstream: "github.com/containernetworking/plugins", node: true,
		programs: map[string]string{
			"bridge":     "github.com/containernetworking/plugins/plugins/main/bridge",
			"loopback":   "github.com/containernetworking/plugins/plugins/main/loopback",
			"host-local": "github.com/containernetworking/plugins/plugins/ipam/host-local",
			"portmap":    "github.com/containernetworking/plugins/plugins/meta/portmap",
		},
	},
	{
		name: "pause", node: true,
		platforms: []string{"linux/" + runtime.GOARCH}, finish: makePause, makes: "pause-image",
	},
}

// kubernetesVersion names the variables that hack/lib/version.sh of
// Kubernetes sets. Without them the API server calls itself v0.0.0, which
// clients refuse to talk to.
func kubernetesVersion(version string) map[string]string {
	const prefix = "k8s.io/component-base/version."
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	variables := map[string]string{prefix + "gitVersion": version}
	if len(parts) == 3 {
		variables[prefix+"gitMajor"], variables[prefix+"gitMinor"] = parts[0], parts[1]
	}
	return variables
}

// containerdVersion names the variable that the Makefile of containerd sets.
func containerdVersion(version string) map[string]string {
	return map[string]string{"github.com/containerd/containerd/v2/version.Version": version}
}
