package node

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
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

// required are the controllers that kubelet and runc can't do without.
var required = []string{"cpu", "cpuset", "memory", "pids"}

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

// cgroups are the cgroups of one node, one in each hierarchy.
type cgroups struct {
	name string
	all  []hierarchy
}

// makeCgroups makes a cgroup in each hierarchy, below this process's own. In
// version 2 that can't be: a cgroup with processes has none below it that
// share its resources. It is made at the top of the hierarchy then.
func makeCgroups(name string) (cgroups, error) {
	all, err := hierarchies()
	if err != nil {
		return cgroups{}, err
	}
	c := cgroups{name, all}
	for i, h := range all {
		if err := os.Mkdir(c.folder(h), 0o755); err != nil {
			made := cgroups{name, all[:i]}
			return c, errors.Join(fmt.Errorf("making a cgroup: %w", err), made.remove())
		}
		if err := h.prepare(c.folder(h)); err != nil {
			return c, errors.Join(err, c.remove())
		}
	}
	if err := c.check(); err != nil {
		return c, errors.Join(err, c.remove())
	}
	return c, nil
}

func (c cgroups) folder(h hierarchy) string {
	if h.version2 {
		return filepath.Join(h.mountPoint, c.name)
	}
	return filepath.Join(h.current, c.name)
}

// prepare fills in what a new version 1 cgroup must have before a process can
// enter it.
func (h hierarchy) prepare(folder string) error {
	if h.version2 || !slices.Contains(strings.Split(h.options, ","), "cpuset") {
		return nil
	}
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		content, err := os.ReadFile(filepath.Join(filepath.Dir(folder), name))
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name), content, 0)
		}
		if err != nil {
			return fmt.Errorf("preparing a cgroup: %w", err)
		}
	}
	return nil
}

// check finds out whether all required controllers can be used in c.
func (c cgroups) check() error {
	var usable []string
	for _, h := range c.all {
		usable = append(usable, strings.Split(h.options, ",")...)
		if !h.version2 {
			continue
		}
		content, err := os.ReadFile(filepath.Join(c.folder(h), "cgroup.controllers"))
		if err != nil {
			return fmt.Errorf("reading the controllers of a cgroup: %w", err)
		}
		usable = append(usable, strings.Fields(string(content))...)
	}
	for _, controller := range required {
		if !slices.Contains(usable, controller) {
			return fmt.Errorf("the cgroup controller %s isn't there for a new cgroup", controller)
		}
	}
	return nil
}

// enter moves this process into c.
func (c cgroups) enter() error {
	for _, h := range c.all {
		if err := moveTo(c.folder(h)); err != nil {
			return err
		}
	}
	return nil
}

// leave moves this process back to where it was.
func (c cgroups) leave() error {
	for _, h := range c.all {
		if err := moveTo(h.current); err != nil {
			return err
		}
	}
	return nil
}

// moveTo moves this process, with all its threads, into a cgroup.
func moveTo(folder string) error {
	if err := os.WriteFile(filepath.Join(folder, "cgroup.procs"), []byte("0"), 0); err != nil {
		return fmt.Errorf("entering a cgroup: %w", err)
	}
	return nil
}

// remove removes c and all cgroups below it, which hold no processes any more.
func (c cgroups) remove() error {
	var faults []error
	for _, h := range c.all {
		var folders []string
		err := filepath.WalkDir(c.folder(h), func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.IsDir() {
				folders = append(folders, path)
			}
			return err
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			faults = append(faults, fmt.Errorf("listing cgroups: %w", err))
		}
		for _, folder := range slices.Backward(folders) {
			if err := unix.Rmdir(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
				faults = append(faults, fmt.Errorf("removing cgroup %q: %w", folder, err))
			}
		}
	}
	return errors.Join(faults...)
}

// makeRoom moves this process out of the root of a version 2 hierarchy into a
// cgroup below: one that holds processes can't share its resources out.
func makeRoom(root string) error {
	leaf := filepath.Join(root, "init")
	if err := os.Mkdir(leaf, 0o755); err != nil {
		return fmt.Errorf("making a cgroup: %w", err)
	}
	return moveTo(leaf)
}

// mountCgroups mounts the hierarchies where they were, now that what this process is
// in is their root (cgroup_namespaces(7)).
func mountCgroups(all []hierarchy) error {
	const at = "/sys/fs/cgroup"
	if len(all) == 1 && all[0].version2 {
		if err := mount("cgroup2", at, "cgroup2", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
			return err
		}
		return makeRoom(at)
	}
	if err := mount("tmpfs", at, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "mode=755"); err != nil {
		return err
	}
	for _, h := range all {
		folder := filepath.Join(at, filepath.Base(h.mountPoint))
		if err := os.Mkdir(folder, 0o755); err != nil {
			return fmt.Errorf("making a mount point: %w", err)
		}
		kind := "cgroup"
		if h.version2 {
			kind = "cgroup2"
		}
		if err := mount(kind, folder, kind, unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, h.options); err != nil {
			return err
		}
	}
	return nil
}
