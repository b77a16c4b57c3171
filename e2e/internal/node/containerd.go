package node

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"

	"container-signing/tools"
)

// containerdConfiguration of version 3. AppArmor is left alone: a profile that
// is loaded is the whole machine's. CRI's own settings for pulls are left as
// they are: with some of them containerd pulls in a way that asks no image
// verifier (docs/cri/config.md of containerd, use_local_image_pull).
const containerdConfiguration = `version = 3
imports = [%q]
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
const plainHTTP = `server = %[1]q

[host.%[1]q]
  capabilities = ["pull", "resolve"]
`

const (
	containerdFile = runFolder + "/containerd.toml"
	// dropIns is the folder that containerd's configuration imports.
	dropIns = runFolder + "/containerd.d"
	// DropIn is the file, in the node, that [RestartWithDropIn] writes.
	DropIn = dropIns + "/50-drop-in.toml"
	// verifiers is the folder of the image verifiers that containerd asks.
	verifiers = runFolder + "/verifiers"
)

// containerdFiles are what configures containerd, and what containerd calls.
func (c Configuration) containerdFiles() (files, error) {
	in := func(name ...string) string { return filepath.Join(append([]string{runFolder}, name...)...) }
	contents, links := map[string]string{
		containerdFile: fmt.Sprintf(containerdConfiguration, dropIns+"/*.toml", c.Programs["runc-unfiltered"],
			in("cni"), in("network"), tools.PauseImage, in("registries"), in("opt"), verifiers),
		// Its name decides its place among others; there are none.
		in("network", "pods.conflist"): fmt.Sprintf(network, bridge, podRange, gateway),
	}, map[string]string{}
	for _, registry := range c.Registries {
		server, err := url.Parse("http://" + registry)
		if err == nil && (registry == "" || server.Host != registry) {
			err = errors.New("it isn't a host, or a host and a port, alone")
		}
		if err != nil {
			return files{}, fmt.Errorf("configuring registry %q: %w", registry, err)
		}
		contents[in("registries", registry, "hosts.toml")] = fmt.Sprintf(plainHTTP, server)
	}
	for _, plugin := range []string{"bridge", "loopback", "host-local", "portmap"} {
		links[in("cni", plugin)] = c.Programs[plugin]
	}
	if c.Verifier != "" {
		links[filepath.Join(verifiers, filepath.Base(c.Verifier))] = c.Verifier
	}
	return files{contents, links}, nil
}
