package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Sweep removes groups that are left of processes that couldn't do it: those
// with a prefix and the ID of a process that is gone for a name. What they hold
// has until the deadline to end; a group whose processes don't stays.
func Sweep(prefix string, deadline time.Time) error {
	all, err := Hierarchies()
	if err != nil {
		return nil // there are no cgroups
	}
	return sweep(all, prefix, deadline)
}

func sweep(all []Hierarchy, prefix string, deadline time.Time) error {
	var faults []error
	for _, h := range all {
		found, err := filepath.Glob(filepath.Join(h.parent(), prefix+"*"))
		if err != nil {
			return fmt.Errorf("looking for abandoned cgroups: %w", err)
		}
		for _, folder := range found {
			owner, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(folder), prefix))
			if err != nil || owner <= 0 || exists(owner) {
				continue
			}
			abandoned, err := awaitEmpty(folder, deadline)
			if err == nil && abandoned {
				err = removeTree(folder)
			}
			faults = append(faults, err)
		}
	}
	return errors.Join(faults...)
}

func exists(process int) bool {
	return !errors.Is(unix.Kill(process, 0), unix.ESRCH)
}

// awaitEmpty waits until a cgroup and all below it hold no processes. It tells
// whether that is so: processes that can't be seen from here are somebody
// else's, who counts them in another way.
func awaitEmpty(root string, deadline time.Time) (bool, error) {
	folders, err := tree(root)
	if err != nil {
		return false, err
	}
	for _, folder := range folders {
		processes, err := readWords(folder, "cgroup.procs")
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return false, err
		}
		for _, process := range processes {
			if process == unseen {
				return false, nil
			}
			if ended, err := awaitEnd(process, deadline); err != nil || !ended {
				return false, err
			}
		}
	}
	return true, nil
}

// awaitEnd waits for the end of a process.
func awaitEnd(process string, deadline time.Time) (bool, error) {
	pid, err := strconv.Atoi(process)
	if err != nil {
		return false, fmt.Errorf("reading of a cgroup: %w", err)
	}
	handle, err := unix.PidfdOpen(pid, 0)
	if errors.Is(err, unix.ESRCH) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("watching process %d: %w", pid, err)
	}
	defer unix.Close(handle)
	for {
		left := max(0, time.Until(deadline).Milliseconds())
		ready, err := unix.Poll([]unix.PollFd{{Fd: int32(handle), Events: unix.POLLIN}}, int(left))
		if !errors.Is(err, unix.EINTR) {
			return ready > 0, err
		}
	}
}
