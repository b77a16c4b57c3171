package node

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	"container-signing/tools"
)

// containerdConfiguration of version 3. AppArmor is left alone: a profile that
// is loaded is the whole machine's. CRI's own settings for pulls are left as
// they are: with some of them containerd pulls in a way that asks no image
// verifier (docs/cri/config.md of containerd, use_local_image_pull).
const containerdConfiguration = `version = 3
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.tracing.processor.v1.otlp"]

[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      BinaryName = %q
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = [%q]
    conf_dir = %q

[plugins."io.containerd.cri.v1.images"]
  [plugins."io.containerd.cri.v1.images".pinned_images]
    sandbox = %q
  [plugins."io.containerd.cri.v1.images".registry]
    config_path = %q

[plugins."io.containerd.internal.v1.opt"]
  path = %q

[plugins."io.containerd.image-verifier.v1.bindir"]
  bin_dir = %q
  max_verifiers = -1
`

// network of pods: a bridge with addresses, and no way beyond it.
const network = `{
  "cniVersion": "1.0.0",
  "name": "pods",
  "plugins": [
    {"type": "bridge", "bridge": %q, "isDefaultGateway": true,
     "ipam": {"type": "host-local", "ranges": [[{"subnet": %q, "gateway": %q}]]}}
  ]
}
`

// plainHTTP tells containerd to speak plain HTTP to a registry.
const plainHTTP = `server = "http://%[1]s"

[host."http://%[1]s"]
  capabilities = ["pull", "resolve"]
`

// configuration is where the files that configure a node are.
const (
	configuration  = "/run/container-signing"
	containerdFile = configuration + "/containerd.toml"
)

// writeContainerd writes the configuration of containerd, and of what
// containerd calls.
func (c Configuration) writeContainerd() error {
	in := func(name ...string) string { return filepath.Join(append([]string{configuration}, name...)...) }
	verifiers := in("verifiers")
	files := map[string]string{
		containerdFile: fmt.Sprintf(containerdConfiguration, c.Programs["runc-unfiltered"], in("cni"), in("network"), tools.PauseImage, in("registries"), in("opt"), verifiers),
		// Its name decides its place among others; there are none.
		in("network", "pods.conflist"): fmt.Sprintf(network, bridge, podRange, gateway),
	}
	for _, registry := range c.Registries {
		if _, err := url.Parse("http://" + registry); err != nil {
			return fmt.Errorf("configuring registry %q: %w", registry, err)
		}
		files[in("registries", registry, "hosts.toml")] = fmt.Sprintf(plainHTTP, registry)
	}
	for path, content := range files {
		if err := writeFile(path, content); err != nil {
			return err
		}
	}
	links := map[string]string{}
	for _, plugin := range []string{"bridge", "loopback", "host-local", "portmap"} {
		links[in("cni", plugin)] = c.Programs[plugin]
	}
	if c.Verifier != "" {
		links[filepath.Join(verifiers, filepath.Base(c.Verifier))] = c.Verifier
	}
	for link, target := range links {
		if err := os.MkdirAll(filepath.Dir(link), 0o755); err != nil {
			return fmt.Errorf("configuring containerd: %w", err)
		}
		if err := os.Symlink(target, link); err != nil {
			return fmt.Errorf("configuring containerd: %w", err)
		}
	}
	return nil
}

func writeFile(path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("configuring the node: %w", err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return fmt.Errorf("configuring the node: %w", err)
	}
	return nil
}
