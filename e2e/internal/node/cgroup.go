package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// required are the controllers that kubelet and runc can't do without.
var required = []string{"cpu", "cpuset", "memory", "pids"}

// cgroups are the cgroups of one node, one in each hierarchy.
type cgroups struct {
	name string
	all  []hierarchy
}

// makeCgroups makes a cgroup in each hierarchy, below this process's own. In
// version 2 that can't be: a cgroup with processes has none below it that
// share its resources. It is made at the top of the hierarchy then.
func makeCgroups(name string) (cgroups, error) {
	if err := shareAllOut(); err != nil {
		return cgroups{}, err
	}
	all, err := hierarchies()
	if err != nil {
		return cgroups{}, err
	}
	c := cgroups{name, all}
	for i, h := range all {
		if err := c.make(h); err != nil {
			made := cgroups{name, all[:i]}
			return c, errors.Join(err, made.remove())
		}
	}
	if err := c.check(); err != nil {
		return c, errors.Join(err, c.remove())
	}
	return c, nil
}

// folder is where the cgroup in h is.
func (c cgroups) folder(h hierarchy) string { return filepath.Join(h.parent(), c.name) }

// parent is the cgroup below which nodes have theirs.
func (h hierarchy) parent() string {
	if h.version2 {
		return h.mountPoint
	}
	return h.current
}

// make makes the cgroup in h, with all that it must have before a process can
// enter it.
func (c cgroups) make(h hierarchy) error {
	if err := os.Mkdir(c.folder(h), 0o755); err != nil {
		return fmt.Errorf("making a cgroup: %w", err)
	}
	if !slices.Contains(h.controllers(), "cpuset") {
		return nil
	}
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		content, err := os.ReadFile(filepath.Join(h.parent(), name))
		if err == nil {
			err = os.WriteFile(filepath.Join(c.folder(h), name), content, 0)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("preparing a cgroup: %w", err), unix.Rmdir(c.folder(h)))
		}
	}
	return nil
}

// check finds out whether all required controllers can be used in c.
func (c cgroups) check() error {
	var usable []string
	for _, h := range c.all {
		usable = append(usable, h.controllers()...)
		if !h.version2 {
			continue
		}
		there, err := readWords(c.folder(h), "cgroup.controllers")
		if err != nil {
			return err
		}
		usable = append(usable, there...)
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
		if err := moveTo(c.folder(h), thisProcess); err != nil {
			return err
		}
	}
	return nil
}

// leave moves this process back to where it was.
func (c cgroups) leave() error {
	for _, h := range c.all {
		if err := moveTo(h.current, thisProcess); err != nil {
			return err
		}
	}
	return nil
}

// thisProcess is what one writes into cgroup.procs for oneself.
const thisProcess = "0"

// moveTo moves a process, with all its threads, into a cgroup.
func moveTo(folder, process string) error {
	if err := os.WriteFile(filepath.Join(folder, "cgroup.procs"), []byte(process), 0); err != nil {
		return fmt.Errorf("entering a cgroup: %w", err)
	}
	return nil
}

// remove removes c and all cgroups below it, which hold no processes any more.
func (c cgroups) remove() error {
	var faults []error
	for _, h := range c.all {
		faults = append(faults, removeTree(c.folder(h)))
	}
	return errors.Join(faults...)
}

// removeTree removes a cgroup, if it is there, and all below it.
func removeTree(root string) error {
	folders, err := tree(root)
	if err != nil {
		return err
	}
	var faults []error
	for _, folder := range slices.Backward(folders) {
		if err := unix.Rmdir(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			faults = append(faults, fmt.Errorf("removing cgroup %q: %w", folder, err))
		}
	}
	return errors.Join(faults...)
}

// tree lists a cgroup, if it is there, and all below it.
func tree(root string) (folders []string, err error) {
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			folders = append(folders, path)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // removed in the meantime
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing cgroups: %w", err)
	}
	return folders, nil
}

// readWords reads a file of a cgroup that lists words.
func readWords(folder, file string) ([]string, error) {
	content, err := os.ReadFile(filepath.Join(folder, file))
	if err != nil {
		return nil, fmt.Errorf("reading of a cgroup: %w", err)
	}
	return strings.Fields(string(content)), nil
}
