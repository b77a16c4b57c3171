package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"container-signing/internal/hint"
)

// shareOut lets the cgroups below a cgroup of version 2 use the required
// controllers, as far as they are there. On most machines they can already, as
// the init process has seen to it. It isn't taken back: by then others may use
// them.
func shareOut(parent string, required []string) error {
	there, err := readWords(parent, "cgroup.controllers")
	if err != nil {
		return err
	}
	already, err := readWords(parent, "cgroup.subtree_control")
	if err != nil {
		return err
	}
	missing := slices.DeleteFunc(slices.Clone(required), func(controller string) bool {
		return !slices.Contains(there, controller) || slices.Contains(already, controller)
	})
	if len(missing) == 0 {
		return nil
	}
	// Only the top of the whole machine has no type, and may hold processes.
	if _, err := os.Stat(filepath.Join(parent, "cgroup.type")); err == nil {
		if err := makeRoom(parent); err != nil {
			return err
		}
	}
	for _, controller := range missing {
		if err := share(parent, controller); err != nil {
			return err
		}
	}
	return nil
}

func share(parent, controller string) error {
	if err := os.WriteFile(filepath.Join(parent, "cgroup.subtree_control"), []byte("+"+controller), 0); err != nil {
		return fmt.Errorf("sharing out the cgroup controller %s: %w", controller, err)
	}
	return nil
}

// makeRoom moves all processes out of a cgroup of version 2 into one below: one
// that holds processes can't share its resources out. That is so in a container,
// whose processes are at what it takes for the top.
func makeRoom(parent string) error {
	leaf, err := makeLeaf(parent)
	if err != nil {
		return err
	}
	for {
		processes, err := readWords(parent, "cgroup.procs")
		if err != nil || len(processes) == 0 {
			return err
		}
		for _, process := range processes {
			if process == unseen {
				err := fmt.Errorf("cgroup %q holds processes that can't be seen from here", parent)
				return hint.Add(err, "give this container a cgroup and a process namespace of its own")
			}
			if err := moveTo(leaf, process); err != nil && !errors.Is(err, unix.ESRCH) {
				return err
			}
		}
	}
}
