package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"container-signing/e2e/internal/cgroup"
)

func mount(source, target, kind string, flags uintptr, options string) error {
	if err := unix.Mount(source, target, kind, flags, options); err != nil {
		return fmt.Errorf("mounting %s on %q: %w", source, target, err)
	}
	return nil
}

// hidden are folders of the host that the node has to itself: containerd,
// kubelet, runc and the CNI plugins write there, and not all of them can be told
// another place. They are in memory, which also is a file system that the
// layers of an image can be laid over. In /etc/containerd are settings that any
// containerd takes over, whatever configuration it is given.
var hidden = []string{"/run", "/var/log", "/var/lib", "/etc/cni", "/etc/containerd", "/opt"}

// makeMounts gives this mount namespace its own view: nothing that is mounted
// here shows on the host, and nothing that the node writes stays.
func makeMounts(c Configuration) error {
	if err := mount("none", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	// kubelet wants mounts that it can share with containers.
	if err := mount("none", "/", "", unix.MS_REC|unix.MS_SHARED, ""); err != nil {
		return err
	}
	kept, err := openKept(c)
	if err != nil {
		return err
	}
	if err := mountKernel(); err != nil {
		return err
	}
	for _, folder := range hidden {
		if _, err := os.Stat(folder); err != nil {
			continue // nobody looks there
		}
		if err := mount("tmpfs", folder, "tmpfs", 0, "mode=755"); err != nil {
			return err
		}
	}
	if err := kept.restore(); err != nil {
		return err
	}
	return coverSettings()
}

// mountKernel mounts what the kernel shows of the node's own namespaces.
func mountKernel() error {
	cgroups, err := cgroup.Hierarchies()
	if err != nil {
		return err
	}
	if err := mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return err
	}
	// What isn't namespaced belongs to all of the host.
	for _, settings := range []string{"/proc/sys/kernel", "/proc/sys/vm"} {
		if err := bindReadOnly(settings); err != nil {
			return err
		}
	}
	if err := mount("sysfs", "/sys", "sysfs", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return err
	}
	return cgroup.Mount(cgroups)
}

// settings of the whole machine that kubelet insists on having set.
var settings = []string{
	"kernel/keys/root_maxbytes", "kernel/keys/root_maxkeys", "kernel/panic", "kernel/panic_on_oops",
	"vm/overcommit_memory", "vm/panic_on_oom",
}

// coverSettings covers settings with files that look like them: kubelet may
// write there what it likes.
func coverSettings() error {
	for _, name := range settings {
		path := filepath.Join("/proc/sys", name)
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("covering a setting: %w", err)
		}
		cover := filepath.Join(runFolder, "settings", filepath.Base(name))
		if err := writeFile(cover, string(content)); err != nil {
			return err
		}
		if err := mount(cover, path, "", unix.MS_BIND, ""); err != nil {
			return err
		}
	}
	return nil
}

func bindReadOnly(path string) error {
	if err := mount(path, path, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	return mount("none", path, "", unix.MS_BIND|unix.MS_REMOUNT|unix.MS_RDONLY, "")
}

// kept are folders below those that will be hidden, held open so that they can
// be put back.
type kept map[string]*os.File

// openKept opens what the node needs of the host: its folder, its programs and
// its trust, wherever the user has them.
func openKept(c Configuration) (kept, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	folders := []string{c.Dir, filepath.Dir(c.Membership.Kubeconfig), filepath.Dir(self)}
	for _, program := range c.Programs {
		folders = append(folders, filepath.Dir(program))
	}
	if c.Verifier != "" {
		folders = append(folders, filepath.Dir(c.Verifier), c.Trust)
	}
	k := kept{}
	for _, folder := range folders {
		for _, top := range hidden {
			if k[folder] != nil || !strings.HasPrefix(folder, top+"/") {
				continue
			}
			if k[folder], err = os.Open(folder); err != nil {
				return nil, fmt.Errorf("keeping %q for the node: %w", folder, err)
			}
		}
	}
	return k, nil
}

// restore puts the folders back in their places.
func (k kept) restore() error {
	for folder, opened := range k {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return fmt.Errorf("keeping %q for the node: %w", folder, err)
		}
		source := fmt.Sprintf("/proc/self/fd/%d", opened.Fd())
		if err := mount(source, folder, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
			return err
		}
		if err := opened.Close(); err != nil {
			return fmt.Errorf("keeping %q for the node: %w", folder, err)
		}
	}
	return nil
}
