// Package tools builds the real programs of the chain from the Go modules in
// its subfolders and keeps them in a cache of the user's.
//
// Each subfolder is a Go module that pins one upstream project by an exact
// version and a go.sum, so that what is built is verified against the Go
// checksum database, and nothing is a downloaded program.
package tools

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// Programs maps what was asked for to its absolute path: a program by its
// name, the folder of Kyverno's custom resource definitions as
// "kyverno-crds", and the OCI image layout of the demonstration image as
// "busybox", where its tag is [BusyboxTag]. "pause-image" is the archive of the
// image [PauseImage].
type Programs map[string]string

// A module is one Go module below tools/ and what is made of it.
type module struct {
	name     string // the folder's name, unless folder says another
	upstream string // the module path that it pins; empty for a program of our own
	// folder is where the module is, if that isn't its name: two of them build
	// different programs of the same upstream.
	folder string
	// programs are the packages to build, by the name of the program; a nil
	// map builds every tool of the module under its own name.
	programs map[string]string
	// platforms are the GOOS/GOARCH pairs to build for, one folder each;
	// none means this machine's, without a folder.
	platforms []string
	// finish makes what the module is asked for out of what was built in dir
	// for the platforms, where that isn't the programs themselves.
	finish func(dir string, platforms []string) error
	// makes names what finish makes.
	makes string
	// assets are folders of the upstream module that are kept too, by the
	// name they are asked for.
	assets map[string]string
	// static makes it a build with cgo, of one static program. It needs a C
	// compiler and a static libc.
	static bool
	// node says that only a node needs it.
	node bool
	// check says that only the static checks need it.
	check bool
	// versionVariables are the string variables that the upstream's own
	// build sets to its version.
	versionVariables func(version string) map[string]string
}

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
		platforms: []string{"linux/amd64", "linux/arm64"}, finish: makeBusybox, makes: "busybox",
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
	{
		name: "staticcheck", upstream: "honnef.co/go/tools", check: true,
		programs: map[string]string{"staticcheck": "honnef.co/go/tools/cmd/staticcheck"},
	},
	{
		name: "actionlint", upstream: "github.com/rhysd/actionlint", check: true,
		programs: map[string]string{"actionlint": "github.com/rhysd/actionlint/cmd/actionlint"},
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

// source is the folder of m below that of all modules.
func (m module) source(tools string) string {
	if m.folder != "" {
		return filepath.Join(tools, m.folder)
	}
	return filepath.Join(tools, m.name)
}

// provides lists what m can be asked for.
func (m module) provides() []string {
	names := slices.Collect(maps.Keys(m.programs))
	names = slices.AppendSeq(names, maps.Keys(m.assets))
	if m.makes != "" {
		names = append(names, m.makes)
	}
	slices.Sort(names)
	return names
}

// Chain lists everything that the whole chain needs, in the order in which
// it is built.
func Chain() []string {
	return provided(func(m module) bool { return !m.check && !m.node })
}

// Node lists what a node needs beside the chain: the container runtime with
// its network plugins, kubelet, and the image of a pod's sandbox.
func Node() []string {
	return provided(func(m module) bool { return m.node })
}

func provided(wanted func(module) bool) []string {
	var names []string
	for _, m := range modules {
		if wanted(m) {
			names = append(names, m.provides()...)
		}
	}
	return names
}

// Build returns the paths of what is asked for by name, after building what
// the cache lacks. It shows on out which module of how many it builds, what
// the build is doing and for how long; it writes nothing if all is there.
//
// An error names the module, the command and the end of what it printed. An
// interrupted or failed build leaves nothing in the cache.
//
// If the environment variable [FolderVariable] is set, what is asked for is
// taken from there, and it is an error if that lacks any of it.
func Build(ctx context.Context, out io.Writer, names ...string) (Programs, error) {
	wanted, err := modulesFor(names)
	if err != nil {
		return nil, err
	}
	source, err := sourceFolder()
	if err != nil {
		return nil, err
	}
	cache, err := openCache()
	if err != nil {
		return nil, err
	}
	var missing []module
	for _, m := range wanted {
		if present, err := cache.has(source, m); err != nil {
			return nil, err
		} else if !present {
			missing = append(missing, m)
		}
	}
	if dir := prebuilt(); dir != "" && len(missing) > 0 {
		return nil, lacking(dir, source, missing[0])
	}
	show := newProgress(out, len(missing))
	for _, m := range missing {
		if err := cache.build(ctx, source, m, show); err != nil {
			return nil, err
		}
	}
	return cache.programs(source, wanted)
}

// modulesFor returns the modules that provide names, each once, in the order
// of the table.
func modulesFor(names []string) ([]module, error) {
	var known, unknown []string
	for _, m := range modules {
		known = append(known, m.provides()...)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		return nil, fmt.Errorf("unknown tool %s: known are %s",
			strings.Join(unknown, ", "), strings.Join(known, ", "))
	}
	var wanted []module
	for _, m := range modules {
		if slices.ContainsFunc(m.provides(), func(p string) bool { return slices.Contains(names, p) }) {
			wanted = append(wanted, m)
		}
	}
	return wanted, nil
}

// Root returns the root of the project's source: the nearest folder, from the
// working directory upwards, that holds tools/notation/go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the project's source: %w", err)
	}
	for start := dir; ; dir = filepath.Dir(dir) {
		_, err := os.Stat(filepath.Join(dir, "tools", "notation", "go.mod"))
		if err == nil {
			return dir, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return "", fmt.Errorf("finding the project's source: %w", err)
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("finding the project's source from %q: no folder above it has tools/notation/go.mod; run this inside a clone of the project", start)
		}
	}
}

func sourceFolder() (string, error) {
	root, err := Root()
	if err != nil {
		return "", err
	}
	return filepath.Join(root, "tools"), nil
}
