// Package toolset tells which folders of tools/ what part of the chain needs,
// and whether tools that were built before are of the pins of this source.
package toolset

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
)

// A Use is what tools are needed for.
type Use int

// The parts of the chain, to be combined.
const (
	Signing  Use = 1 << iota // signing, copying and verifying images
	Making                   // making images to sign, and pushing them
	Registry                 // a registry
	Cluster                  // a cluster, and its judge
	Node                     // a node of a cluster
	Work                     // a person at a terminal
)

// Chain is all of it.
const Chain = Signing | Making | Registry | Cluster | Node | Work

// uses tells of each folder of tools/ what its tools are needed for. Folders
// that only the checks need aren't in it.
var uses = map[string]Use{
	"busybox":         Making,
	"cni":             Node,
	"containerd":      Node,
	"etcd":            Cluster,
	"kubernetes":      Cluster | Node | Work,
	"kyverno":         Cluster,
	"notation":        Signing | Making | Cluster | Work,
	"oras":            Signing | Making | Cluster | Work,
	"pause":           Node,
	"registry":        Registry,
	"runc":            Node,
	"runc-unfiltered": Node,
}

// Folders lists the folders of tools/ that any of the uses needs, sorted.
func Folders(needed Use) []string {
	var folders []string
	for _, folder := range slices.Sorted(maps.Keys(uses)) {
		if uses[folder]&needed != 0 {
			folders = append(folders, folder)
		}
	}
	return folders
}

// pins are the files of a folder of tools/ that decide what is built of it.
var pins = []string{"go.mod", "go.sum", "main.go"}

// PinPatterns are the files that [Key] reads.
func PinPatterns() []string {
	var patterns []string
	for _, file := range pins {
		patterns = append(patterns, "tools/*/"+file)
	}
	return patterns
}

// Key names the state of all pins below source. Tools that were built under
// another key are other tools.
func Key(source fs.FS) (string, error) {
	hash := sha256.New()
	for _, folder := range Folders(Chain) {
		found := 0
		for _, file := range pins {
			name := path.Join("tools", folder, file)
			content, err := fs.ReadFile(source, name)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return "", fmt.Errorf("reading what pins the tools: %w", err)
			}
			found++
			fmt.Fprintf(hash, "%s %d\n%s", name, len(content), content)
		}
		if found == 0 {
			return "", fmt.Errorf("reading what pins the tools: the source has no tools/%s", folder)
		}
	}
	return fmt.Sprintf("%x", hash.Sum(nil)[:8]), nil
}
