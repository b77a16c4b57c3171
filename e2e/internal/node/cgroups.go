package node

import (
	"os"
	"strconv"
	"time"

	"container-signing/e2e/internal/cgroup"
)

// controllers are those that kubelet and runc can't do without.
var controllers = []string{"cpu", "cpuset", "memory", "pids"}

// groupPrefix begins the names of all nodes' cgroups.
const groupPrefix = "container-signing-"

// groupName names the cgroups of a node after its front.
func groupName(front int) string { return groupPrefix + strconv.Itoa(front) }

// endsWithin bounds the end of a node's processes whose front is gone: the
// kernel is killing them.
const endsWithin = 5 * time.Second

// Sweep removes the cgroups of nodes whose front and keeper have been killed
// together, so that nobody was left to do it.
func Sweep() error {
	if os.Geteuid() != 0 {
		return nil // there can't have been any
	}
	return cgroup.Sweep(groupPrefix, time.Now().Add(endsWithin))
}
