package containerd

import (
	"fmt"
	"slices"
	"strings"
)

// A Fault is a setting by which containerd asks no image verifier.
type Fault struct {
	// Setting is its name with its value.
	Setting string
	// File is where it comes from; empty for a default of containerd's.
	File string
	// Remedy is what can be done about it.
	Remedy string
}

// A setting makes containerd pull in its old way, with its client instead of the
// transfer service.
type setting struct {
	path   []string
	faulty func(value any) bool
	remedy string
}

// settings are those of internal/cri/config/config.go of containerd,
// CheckLocalImagePullConfigs, in its order.
var settings = []setting{
	{
		[]string{"use_local_image_pull"}, isTrue, "remove it, or set it to false in a file that is merged later",
	},
	{
		[]string{"disable_snapshot_annotations"}, func(value any) bool { return value != true },
		"set it to true: the transfer service always passes annotations on to the snapshotter",
	},
	{
		[]string{"discard_unpacked_layers"}, isTrue, "remove it, or set it to false in a file that is merged later",
	},
	{[]string{"registry", "mirrors"}, isFilled, "name the mirrors in hosts.toml, below registry.config_path"},
	{[]string{"registry", "configs"}, isFilled, "leave credentials to kubelet: imagePullSecrets, credential providers"},
	{[]string{"registry", "auths"}, isFilled, "leave credentials to kubelet: imagePullSecrets, credential providers"},
	{
		[]string{"max_concurrent_downloads"}, func(value any) bool { return value != int64(3) },
		"set it to 3 here, and as you like it under io.containerd.transfer.v1.local",
	},
	{
		[]string{"image_pull_with_sync_fs"}, isTrue, "remove it, or set it to false in a file that is merged later",
	},
}

func isTrue(value any) bool { return value == true }

func isFilled(value any) bool {
	table, ok := value.(map[string]any)
	return ok && len(table) > 0
}

// Faults returns all settings by which containerd asks no image verifier.
func (c Configuration) Faults() (faults []Fault) {
	images := value(c.effective, "plugins", imagesPlugin)
	if value(images, "use_local_image_pull") == nil {
		faults = append(faults, Fault{
			Setting: "CRI doesn't pull by the transfer service",
			Remedy:  "update containerd to 2.2 or later",
		})
	}
	for _, one := range settings {
		set := value(images, one.path...)
		if set == nil || !one.faulty(set) {
			continue
		}
		named := strings.Join(one.path, ".")
		if _, isTable := set.(map[string]any); !isTable {
			named = fmt.Sprintf("%s = %v", named, set)
		}
		faults = append(faults, Fault{named, c.origin(set, places(one.path)...), one.remedy})
	}
	return append(faults, c.disabled()...)
}

// disabled returns why there are no image verifiers at all.
func (c Configuration) disabled() []Fault {
	plugins, _ := value(c.effective, "disabled_plugins").([]any)
	if !slices.Contains(plugins, any(verifierPlugin)) {
		return nil
	}
	return []Fault{{
		fmt.Sprintf("disabled_plugins has %q", verifierPlugin),
		c.disabledIn(), "take it out of there: files that are merged later can't",
	}}
}

// disabledIn returns the file that disables image verifiers.
func (c Configuration) disabledIn() string {
	for _, file := range c.files {
		if plugins, _ := file.table["disabled_plugins"].([]any); slices.Contains(plugins, any(verifierPlugin)) {
			return file.name
		}
	}
	return ""
}

// Origin returns the file that sets how containerd calls image verifiers; empty
// for a default of containerd's.
func (c Configuration) Origin(name string) string {
	place := []string{"plugins", verifierPlugin, name}
	if set := value(c.effective, place...); set != nil {
		return c.origin(set, place)
	}
	return ""
}
