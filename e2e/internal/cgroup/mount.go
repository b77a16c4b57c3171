package cgroup

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// mountFolder is where hierarchies are mounted by convention, which runc and
// kubelet hold to.
const mountFolder = "/sys/fs/cgroup"

// Mount mounts hierarchies, as [Hierarchies] has returned them before, in a new
// mount and a new cgroup namespace: what this process is in is their root there
// (cgroup_namespaces(7)). One of version 2 that isn't beside others but in the
// place of all is the only one that is used.
func Mount(all []Hierarchy) error {
	if slices.ContainsFunc(all, func(h Hierarchy) bool { return h.version2 && h.mountPoint == mountFolder }) {
		return mountUnified()
	}
	if err := mount("tmpfs", mountFolder, "mode=755"); err != nil {
		return err
	}
	for _, h := range all {
		folder := filepath.Join(mountFolder, filepath.Base(h.mountPoint))
		if err := os.Mkdir(folder, 0o755); err != nil {
			return fmt.Errorf("making a mount point: %w", err)
		}
		kind := "cgroup"
		if h.version2 {
			kind = "cgroup2"
		}
		if err := mount(kind, folder, h.options); err != nil {
			return err
		}
	}
	return nil
}

// mountUnified mounts the only hierarchy, of version 2.
func mountUnified() error {
	if err := mount("cgroup2", mountFolder, ""); err != nil {
		return err
	}
	// This process is in it, and it has to be free of any for its resources to
	// be shared out.
	leaf, err := makeLeaf(mountFolder)
	if err != nil {
		return err
	}
	return moveTo(leaf, thisProcess)
}

func mount(kind, folder, options string) error {
	const flags = unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC
	if err := unix.Mount(kind, folder, kind, flags, options); err != nil {
		return fmt.Errorf("mounting %s on %q: %w", kind, folder, err)
	}
	return nil
}
