// Package cgroup makes and removes control groups, where the machine has them
// in version 1, in version 2, or in both beside each other (cgroups(7)).
//
// In version 1 each controller, or a few together, has a hierarchy of its own,
// mounted in a folder of its own; in version 2 there is one for all controllers.
// On a machine with both, that of version 2 may have no controllers at all. A
// [Group] is one cgroup in each hierarchy, all with the same name.
package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// A Group is one cgroup in each hierarchy.
type Group struct {
	name string
	all  []Hierarchy
}

// Make makes a group in which all controllers that are required can be used.
// Somebody else's group of that name is an error.
func Make(name string, required []string) (Group, error) {
	all, err := Hierarchies()
	if err != nil {
		return Group{}, err
	}
	return makeIn(all, name, required)
}

// Named returns the group of a name, whether or not it has been made.
func Named(name string) (Group, error) {
	all, err := Hierarchies()
	return Group{name, all}, err
}

// makeIn makes a group in hierarchies.
func makeIn(all []Hierarchy, name string, required []string) (Group, error) {
	for _, h := range all {
		if !h.version2 {
			continue
		}
		if err := shareOut(h.parent(), required); err != nil {
			return Group{}, err
		}
	}
	g := Group{name, all}
	for i, h := range all {
		if err := g.make(h); err != nil {
			made := Group{name, all[:i]}
			return g, errors.Join(err, made.Remove())
		}
	}
	if err := g.check(required); err != nil {
		return g, errors.Join(err, g.Remove())
	}
	return g, nil
}

// folder is where the cgroup in h is.
func (g Group) folder(h Hierarchy) string { return filepath.Join(h.parent(), g.name) }

// make makes the cgroup in h, with all that it must have before a process can
// enter it.
func (g Group) make(h Hierarchy) error {
	if err := os.Mkdir(g.folder(h), 0o755); err != nil {
		return fmt.Errorf("making a cgroup: %w", err)
	}
	if !slices.Contains(h.controllers(), "cpuset") {
		return nil
	}
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		content, err := os.ReadFile(filepath.Join(h.parent(), name))
		if err == nil {
			err = os.WriteFile(filepath.Join(g.folder(h), name), content, 0)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("preparing a cgroup: %w", err), unix.Rmdir(g.folder(h)))
		}
	}
	return nil
}

// check finds out whether all required controllers can be used in the group.
func (g Group) check(required []string) error {
	var usable []string
	for _, h := range g.all {
		usable = append(usable, h.controllers()...)
		if !h.version2 {
			continue
		}
		there, err := readWords(g.folder(h), "cgroup.controllers")
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

// Enter moves this process into the group.
func (g Group) Enter() error {
	for _, h := range g.all {
		if err := moveTo(g.folder(h), thisProcess); err != nil {
			return err
		}
	}
	return nil
}

// Leave moves this process back to where it was.
func (g Group) Leave() error {
	for _, h := range g.all {
		if err := moveTo(h.current, thisProcess); err != nil {
			return err
		}
	}
	return nil
}

// Remove removes the group and all cgroups below it, which hold no processes
// any more.
func (g Group) Remove() error {
	var faults []error
	for _, h := range g.all {
		faults = append(faults, removeTree(g.folder(h)))
	}
	return errors.Join(faults...)
}
