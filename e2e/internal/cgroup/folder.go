package cgroup

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

// thisProcess is what one writes into cgroup.procs for oneself.
const thisProcess = "0"

// unseen is how cgroup.procs lists a process of another pid namespace.
const unseen = "0"

// moveTo moves a process, with all its threads, into a cgroup.
func moveTo(folder, process string) error {
	if err := os.WriteFile(filepath.Join(folder, "cgroup.procs"), []byte(process), 0); err != nil {
		return fmt.Errorf("entering a cgroup: %w", err)
	}
	return nil
}

// makeLeaf makes a cgroup for processes that can't stay in its parent.
func makeLeaf(parent string) (string, error) {
	leaf := filepath.Join(parent, "processes")
	if err := os.Mkdir(leaf, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("making a cgroup: %w", err)
	}
	return leaf, nil
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
