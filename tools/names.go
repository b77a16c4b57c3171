package tools

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// Chain lists everything that the whole chain needs, in the order in which
// it is built.
func Chain() []string {
	return provided(func(m module) bool { return !m.node })
}

// Node lists what a node needs beside the chain: the container runtime with
// its network plugins, kubelet, and the image of a pod's sandbox.
func Node() []string {
	return provided(func(m module) bool { return m.node })
}

// InFolder lists what is pinned in a folder of tools/, such as "kubernetes".
func InFolder(folder string) []string {
	return provided(func(m module) bool { return filepath.Base(m.source("")) == folder })
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

// modulesFor returns the modules that provide names, each once, in the order
// of the catalog.
func modulesFor(names []string) ([]module, error) {
	known := provided(func(module) bool { return true })
	unknown := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(known, name) })
	if len(unknown) > 0 {
		return nil, fmt.Errorf("unknown tool %s: known are %s", strings.Join(unknown, ", "), strings.Join(known, ", "))
	}
	var wanted []module
	for _, m := range modules {
		if slices.ContainsFunc(m.provides(), func(p string) bool { return slices.Contains(names, p) }) {
			wanted = append(wanted, m)
		}
	}
	return wanted, nil
}
