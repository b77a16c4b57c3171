package node

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
	"sigs.k8s.io/yaml"

	"container-signing/tools"
)

// configured is a node whose paths have in them what could end a string early.
func configured(dir string) Configuration {
	in := func(name string) string { return filepath.Join(dir, `it's "a" \folder`, name) }
	c := Configuration{
		Programs: tools.Programs{}, Dir: in("node"), Verifier: in("notation-image-verifier"), Trust: in("trust"),
		Membership: Membership{Kubeconfig: in("kubeconfig"), APIServer: "127.0.0.1:6443",
			CertificateAuthority: in("ca.crt")},
		Registries: []string{"production:5000", "[::1]:5001", "registry.test"},
	}
	for _, name := range []string{"runc-unfiltered", "bridge", "loopback", "host-local", "portmap"} {
		c.Programs[name] = in(name)
	}
	return c
}

// at returns what is in a document at the end of a path of keys.
func at(t *testing.T, document map[string]any, keys ...string) any {
	t.Helper()
	for i, key := range keys {
		value, ok := document[key]
		if !ok {
			t.Fatalf("there is no %q", keys[:i+1])
		}
		if i == len(keys)-1 {
			return value
		}
		if document, ok = value.(map[string]any); !ok {
			t.Fatalf("%q is %v", keys[:i+1], value)
		}
	}
	return nil
}

// parseTOML parses as containerd does: with the same library.
func parseTOML(t *testing.T, content string) map[string]any {
	t.Helper()
	var document map[string]any
	if err := toml.Unmarshal([]byte(content), &document); err != nil {
		t.Fatalf("%v\n%s", err, content)
	}
	return document
}

// TestContainerdConfiguration reads what containerd is told, the paths among it
// that are hard to write.
func TestContainerdConfiguration(t *testing.T) {
	c := configured("/tmp")
	made, err := c.containerdFiles()
	if err != nil {
		t.Fatal(err)
	}
	document := parseTOML(t, made.contents[containerdFile])
	const runtime, images = "io.containerd.cri.v1.runtime", "io.containerd.cri.v1.images"
	for want, keys := range map[any][]string{
		int64(3):                      {"version"},
		c.Programs["runc-unfiltered"]: {"plugins", runtime, "containerd", "runtimes", "runc", "options", "BinaryName"},
		tools.PauseImage:              {"plugins", images, "pinned_images", "sandbox"},
		runFolder + "/registries":     {"plugins", images, "registry", "config_path"},
		runFolder + "/network":        {"plugins", runtime, "cni", "conf_dir"},
		runFolder + "/verifiers":      {"plugins", "io.containerd.image-verifier.v1.bindir", "bin_dir"},
		int64(-1):                     {"plugins", "io.containerd.image-verifier.v1.bindir", "max_verifiers"},
	} {
		if got := at(t, document, keys...); got != want {
			t.Errorf("%q is %v, not %v", keys, got, want)
		}
	}
	// With these containerd pulls in a way that asks no image verifier.
	for _, setting := range []string{"discard_unpacked_layers", "disable_snapshot_annotations",
		"use_local_image_pull"} {
		if strings.Contains(made.contents[containerdFile], setting) {
			t.Errorf("%s is set", setting)
		}
	}
	links := map[string]string{runFolder + "/verifiers/notation-image-verifier": c.Verifier}
	for _, plugin := range []string{"bridge", "loopback", "host-local", "portmap"} {
		links[runFolder+"/cni/"+plugin] = c.Programs[plugin]
	}
	for link, target := range links {
		if made.links[link] != target {
			t.Errorf("%s leads to %q, not %q", link, made.links[link], target)
		}
	}
	if len(made.links) != len(links) {
		t.Errorf("there are other links: %v", made.links)
	}
}

// TestRegistryConfiguration makes containerd speak plain HTTP with the
// registries that are named, and with no others.
func TestRegistryConfiguration(t *testing.T) {
	c := configured("/tmp")
	made, err := c.containerdFiles()
	if err != nil {
		t.Fatal(err)
	}
	for _, registry := range c.Registries {
		document := parseTOML(t, made.contents[filepath.Join(runFolder, "registries", registry, "hosts.toml")])
		if got := at(t, document, "server"); got != "http://"+registry {
			t.Errorf("the server of %s is %v", registry, got)
		}
		if got := at(t, document, "host", "http://"+registry, "capabilities"); len(got.([]any)) != 2 {
			t.Errorf("%s can do %v", registry, got)
		}
	}
	if len(made.contents) != 2+len(c.Registries) {
		t.Errorf("there are other files: %d", len(made.contents))
	}
}

// TestHostileRegistries are refused: a registry's name is a folder's too.
func TestHostileRegistries(t *testing.T) {
	for _, registry := range []string{
		"", "../../etc", "production/app", "production:5000/", "http://production", "user@production", "production?a=b",
		"a b", "[::1", "production:port", "x\n[host]", "production#a",
	} {
		if _, err := (Configuration{Registries: []string{registry}}).containerdFiles(); err == nil ||
			!strings.HasPrefix(err.Error(), "configuring registry ") {
			t.Errorf("%q: %v", registry, err)
		}
	}
}

// TestNoVerifier leaves the folder of verifiers empty, by which containerd
// allows every pull.
func TestNoVerifier(t *testing.T) {
	made, err := Configuration{Programs: tools.Programs{}}.containerdFiles()
	if err != nil {
		t.Fatal(err)
	}
	for link := range made.links {
		if strings.Contains(link, "verifiers") {
			t.Errorf("there is %s", link)
		}
	}
}

// TestNetworkConfiguration reads the pods' network as containerd does.
func TestNetworkConfiguration(t *testing.T) {
	made, err := configured("/tmp").containerdFiles()
	if err != nil {
		t.Fatal(err)
	}
	var list struct {
		CNIVersion, Name string
		Plugins          []struct {
			Type, Bridge     string
			IsDefaultGateway bool
			IPAM             struct {
				Type   string
				Ranges [][]struct{ Subnet, Gateway string }
			}
		}
	}
	decoder := json.NewDecoder(strings.NewReader(made.contents[runFolder+"/network/pods.conflist"]))
	decoder.DisallowUnknownFields() // such as masquerading: there is no way out
	if err := decoder.Decode(&list); err != nil {
		t.Fatal(err)
	}
	if list.CNIVersion != "1.0.0" || list.Name != "pods" || len(list.Plugins) != 1 {
		t.Fatalf("the network is %+v", list)
	}
	plugin := list.Plugins[0]
	if plugin.Type != "bridge" || plugin.Bridge != bridge || !plugin.IsDefaultGateway ||
		plugin.IPAM.Type != "host-local" {
		t.Errorf("the plugin is %+v", plugin)
	}
	_, pods, err := net.ParseCIDR(plugin.IPAM.Ranges[0][0].Subnet)
	if err != nil || !pods.Contains(net.ParseIP(plugin.IPAM.Ranges[0][0].Gateway)) {
		t.Errorf("the gateway isn't in %v (%v)", pods, err)
	}
}

// TestKubeletConfiguration reads what kubelet is told. That kubelet knows these
// settings is for the program itself to say.
func TestKubeletConfiguration(t *testing.T) {
	c := configured("/tmp")
	made := c.kubeletFiles()
	var read struct {
		Kind           string
		Authentication struct {
			Anonymous, Webhook struct{ Enabled bool }
			X509               struct{ ClientCAFile string }
		}
		Address, ContainerRuntimeEndpoint, ResolvConf, StaticPodPath string
		ReadOnlyPort, HealthzPort                                    int
		ClusterDNS, EnforceNodeAllocatable                           []string
		FailSwapOn, MakeIPTablesUtilChains                           bool
		EvictionHard                                                 map[string]string
	}
	if err := yaml.Unmarshal([]byte(made.contents[kubeletFile]), &read); err != nil {
		t.Fatalf("%v\n%s", err, made.contents[kubeletFile])
	}
	if read.Authentication.X509.ClientCAFile != c.Membership.CertificateAuthority ||
		read.StaticPodPath != StaticPods(c.Dir) {
		t.Errorf("the files are %q and %q", read.Authentication.X509.ClientCAFile, read.StaticPodPath)
	}
	if read.Authentication.Anonymous.Enabled || read.Address != "127.0.0.1" || read.ReadOnlyPort != 0 ||
		read.HealthzPort != 0 {
		t.Error("others can reach kubelet")
	}
	if read.ContainerRuntimeEndpoint != "unix://"+runtimeSocket || !slices.Equal(read.ClusterDNS, []string{gateway}) {
		t.Errorf("it uses %q and %q", read.ContainerRuntimeEndpoint, read.ClusterDNS)
	}
	// What belongs to the machine's owner isn't kubelet's to set.
	if len(read.EnforceNodeAllocatable) > 0 || read.MakeIPTablesUtilChains || read.FailSwapOn {
		t.Errorf("it takes what is the machine's: %+v", read)
	}
	for signal, threshold := range read.EvictionHard {
		if threshold != "0%" {
			t.Errorf("pods are evicted for %s below %s", signal, threshold)
		}
	}
	if content, ok := made.contents[read.ResolvConf]; !ok || content != "" {
		t.Errorf("pods resolve names by %q", content)
	}
}

// TestWriteFiles writes files for root alone, and links.
func TestWriteFiles(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "a", "file"), filepath.Join(dir, "b", "link")
	made := files{map[string]string{file: "content"}, map[string]string{link: file}}
	if err := made.write(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(link)
	if err != nil || string(content) != "content" {
		t.Errorf("%q (%v)", content, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others can read it: %v (%v)", info.Mode(), err)
	}
	if err := made.write(); err == nil || !strings.HasPrefix(err.Error(), "configuring the node: ") {
		t.Errorf("a link is replaced: %v", err)
	}
	inFile := files{contents: map[string]string{filepath.Join(file, "below"): ""}}
	if err := inFile.write(); err == nil || !strings.Contains(err.Error(), "not a directory") {
		t.Errorf("below a file: %v", err)
	}
}

// TestReadConfiguration reads what a node is made of, and says what isn't that.
func TestReadConfiguration(t *testing.T) {
	dir := t.TempDir()
	want := configured(dir)
	want.Dir = dir
	content, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(configurationFile(dir), content, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := readConfiguration(dir)
	if err != nil || got.Membership != want.Membership || !slices.Equal(got.Registries, want.Registries) ||
		got.Verifier != want.Verifier || got.Programs["bridge"] != want.Programs["bridge"] {
		t.Errorf("got %+v (%v)", got, err)
	}
	if err := os.WriteFile(configurationFile(dir), content[:len(content)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, words := range map[string]string{dir: "unexpected end of JSON input",
		filepath.Join(dir, "none"): "no such file"} {
		if _, err := readConfiguration(dir); err == nil || !strings.Contains(err.Error(), words) ||
			!strings.HasPrefix(err.Error(), "reading the node's configuration: ") {
			t.Errorf("%s: %v", words, err)
		}
	}
}

// TestReached names each address once: nobody can listen at one twice.
func TestReached(t *testing.T) {
	c := Configuration{
		Membership: Membership{APIServer: "127.0.0.1:6443"},
		Registries: []string{"production:5000", "127.0.0.1:6443", "production:5000"},
	}
	if got := c.reached(); !slices.Equal(got, []string{"127.0.0.1:6443", "production:5000"}) {
		t.Errorf("it reaches %q", got)
	}
}
