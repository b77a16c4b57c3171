package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Hierarchy is a mounted hierarchy of cgroups, and the cgroup in it that a
// process is in.
type Hierarchy struct {
	mountPoint string
	version2   bool
	options    string // of version 1: its controllers or its name
	current    string // the folder of the process's cgroup
}

// Hierarchies returns those that this process is in, each once.
func Hierarchies() ([]Hierarchy, error) { return read("/proc/self") }

// read returns the hierarchies of the process whose folder in /proc it is.
func read(process string) ([]Hierarchy, error) {
	memberships, err := os.ReadFile(filepath.Join(process, "cgroup"))
	if err != nil {
		return nil, fmt.Errorf("listing cgroups: %w", err)
	}
	mounts, err := os.ReadFile(filepath.Join(process, "mountinfo"))
	if err != nil {
		return nil, fmt.Errorf("listing cgroups: %w", err)
	}
	found := parse(string(memberships), string(mounts))
	if len(found) == 0 {
		return nil, errors.New("listing cgroups: none are mounted")
	}
	return found, nil
}

// parse finds hierarchies in what /proc says of a process's cgroups
// (cgroups(7)) and of its mounts (proc_pid_mountinfo(5)).
func parse(memberships, mounts string) (found []Hierarchy) {
	paths := cgroupPaths(memberships)
	for line := range strings.Lines(mounts) {
		// ID PARENT DEVICE ROOT MOUNTPOINT OPTIONS … - TYPE SOURCE OPTIONS
		left, right, _ := strings.Cut(line, " - ")
		about, kind := strings.Fields(left), strings.Fields(right)
		if len(about) < 5 || len(kind) < 3 || kind[0] != "cgroup" && kind[0] != "cgroup2" {
			continue
		}
		h := Hierarchy{mountPoint: unescape.Replace(about[4]), version2: kind[0] == "cgroup2"}
		if !h.version2 {
			h.options = controllersOf(kind[2])
		}
		// Version 2 has no controllers in the list of memberships.
		path, member := paths[h.options]
		inside, err := filepath.Rel(unescape.Replace(about[3]), path)
		if !member || err != nil || inside == ".." || strings.HasPrefix(inside, "../") {
			continue // what is mounted there doesn't have the process in it
		}
		h.current = filepath.Join(h.mountPoint, inside)
		if !slices.ContainsFunc(found, h.same) {
			found = append(found, h)
		}
	}
	return found
}

// unescape restores what mountinfo writes in octal.
var unescape = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// same tells whether other is the same hierarchy, mounted elsewhere.
func (h Hierarchy) same(other Hierarchy) bool {
	return h.version2 == other.version2 && h.options == other.options
}

// cgroupPaths maps controllers, as /proc/PID/cgroup writes them, to the path of
// the process's cgroup.
func cgroupPaths(memberships string) map[string]string {
	paths := map[string]string{}
	for line := range strings.Lines(memberships) {
		if fields := strings.SplitN(strings.TrimSuffix(line, "\n"), ":", 3); len(fields) == 3 {
			paths[fields[1]] = fields[2]
		}
	}
	return paths
}

// controllersOf picks, out of the options of a mount, those that tell one
// version 1 hierarchy from another.
func controllersOf(options string) string {
	var controllers []string
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "rw", "ro", "xattr", "noprefix", "clone_children", "cpuset_v2_mode":
		default:
			if !strings.HasPrefix(option, "release_agent=") {
				controllers = append(controllers, option)
			}
		}
	}
	return strings.Join(controllers, ",")
}

// controllers are those of a version 1 hierarchy, or its name.
func (h Hierarchy) controllers() []string {
	if h.options == "" {
		return nil
	}
	return strings.Split(h.options, ",")
}

// parent is the folder in which groups are made: this process's own cgroup. In
// version 2 that can't be: a cgroup with processes has none below it that share
// its resources. It is the top of the hierarchy then.
func (h Hierarchy) parent() string {
	if h.version2 {
		return h.mountPoint
	}
	return h.current
}
