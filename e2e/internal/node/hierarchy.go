package node

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// A hierarchy is a mounted hierarchy of cgroups, and the cgroup in it that this
// process is in.
type hierarchy struct {
	mountPoint string
	version2   bool
	options    string // of a version 1 hierarchy: its controllers or its name
	current    string // the folder of this process's cgroup
}

// hierarchies returns what /proc says of this process's cgroups (cgroups(7)),
// each hierarchy once.
func hierarchies() ([]hierarchy, error) {
	memberships, err := cgroupPaths()
	if err != nil {
		return nil, err
	}
	file, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return nil, fmt.Errorf("listing cgroups: %w", err)
	}
	defer file.Close()
	var found []hierarchy
	for lines := bufio.NewScanner(file); lines.Scan(); {
		// ID PARENT DEVICE ROOT MOUNTPOINT OPTIONS … - TYPE SOURCE OPTIONS
		left, right, _ := strings.Cut(lines.Text(), " - ")
		about, kind := strings.Fields(left), strings.Fields(right)
		if len(about) < 5 || len(kind) < 3 || kind[0] != "cgroup" && kind[0] != "cgroup2" {
			continue
		}
		h := hierarchy{mountPoint: about[4], version2: kind[0] == "cgroup2"}
		key := ""
		if !h.version2 {
			h.options = controllersOf(kind[2])
			key = h.options
		}
		path, member := memberships[key]
		inside, err := filepath.Rel(about[3], path)
		if !member || err != nil || strings.HasPrefix(inside, "..") {
			continue // mounted from elsewhere
		}
		h.current = filepath.Join(h.mountPoint, inside)
		if !slices.ContainsFunc(found, func(other hierarchy) bool { return other.version2 == h.version2 && other.options == h.options }) {
			found = append(found, h)
		}
	}
	if len(found) == 0 {
		return nil, errors.New("listing cgroups: none are mounted")
	}
	return found, nil
}

// cgroupPaths maps controllers, as /proc/self/cgroup writes them, to the path
// of this process's cgroup. Version 2 has no controllers there.
func cgroupPaths() (map[string]string, error) {
	content, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, fmt.Errorf("listing cgroups: %w", err)
	}
	paths := map[string]string{}
	for line := range strings.Lines(string(content)) {
		if fields := strings.SplitN(strings.TrimSpace(line), ":", 3); len(fields) == 3 {
			paths[fields[1]] = fields[2]
		}
	}
	return paths, nil
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
func (h hierarchy) controllers() []string {
	if h.options == "" {
		return nil
	}
	return strings.Split(h.options, ",")
}

// cgroupFolder is where cgroups are mounted: by convention, which runc and
// kubelet hold to.
const cgroupFolder = "/sys/fs/cgroup"

// mountCgroups mounts the hierarchies where they were, now that what this
// process is in is their root (cgroup_namespaces(7)). One of version 2 that
// isn't beside others but in the place of all is the only one that is used.
func mountCgroups(all []hierarchy) error {
	const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	if slices.ContainsFunc(all, func(h hierarchy) bool { return h.version2 && h.mountPoint == cgroupFolder }) {
		if err := mount("cgroup2", cgroupFolder, "cgroup2", flags, ""); err != nil {
			return err
		}
		// This process is in it, and it has to be free of any for its resources
		// to be shared out.
		leaf, err := makeLeaf(cgroupFolder)
		if err != nil {
			return err
		}
		return moveTo(leaf, thisProcess)
	}
	if err := mount("tmpfs", cgroupFolder, "tmpfs", flags, "mode=755"); err != nil {
		return err
	}
	for _, h := range all {
		folder := filepath.Join(cgroupFolder, filepath.Base(h.mountPoint))
		if err := os.Mkdir(folder, 0o755); err != nil {
			return fmt.Errorf("making a mount point: %w", err)
		}
		kind := "cgroup"
		if h.version2 {
			kind = "cgroup2"
		}
		if err := mount(kind, folder, kind, flags, h.options); err != nil {
			return err
		}
	}
	return nil
}
