package tools

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/rogpeppe/go-internal/lockedfile"

	"container-signing/internal/hint"
)

// FolderVariable is the environment variable that names a folder of tools that
// [Export] has made. [Build] takes them from there, and builds nothing.
const FolderVariable = "CONTAINER_SIGNING_TOOLS"

// prebuilt returns the folder that FolderVariable names; "" if there is none.
func prebuilt() string { return os.Getenv(FolderVariable) }

// A cache holds one folder for each module and each state of what pins it. A
// folder appears under its final name only when it is whole.
type cache string

// openCache returns the folder of prebuilt tools where one is named, else that
// of the user's.
func openCache() (cache, error) {
	if dir := prebuilt(); dir != "" {
		absolute, err := filepath.Abs(dir)
		return cache(absolute), err
	}
	user, err := os.UserCacheDir()
	if err != nil {
		err = fmt.Errorf("finding the folder for built tools: %w", err)
		return "", hint.Add(err, "set XDG_CACHE_HOME or HOME")
	}
	dir := filepath.Join(user, "container-signing", "tools")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		err = fmt.Errorf("making the folder for built tools: %w", err)
		return "", hint.Add(err, "name another place in XDG_CACHE_HOME")
	}
	return cache(dir), nil
}

// folder returns where the built m belongs. Its name changes with all that
// decides what is built: go.mod, go.sum, the recipe, the Go release and the
// platform.
func (c cache) folder(source string, m module) (string, error) {
	hash := sha256.New()
	// The number changes with what is made of the same sources.
	const recipe = 3
	fmt.Fprintln(hash, recipe, runtime.Version(), runtime.GOOS, runtime.GOARCH,
		goFlags, m.upstream, m.programs, m.platforms, m.assets)
	if m.recipe > 0 {
		fmt.Fprintln(hash, m.recipe)
	}
	for _, name := range m.pins() {
		content, err := os.ReadFile(filepath.Join(m.source(source), name))
		if err != nil {
			return "", fmt.Errorf("reading what pins %s: %w", m.name, err)
		}
		hash.Write(content)
	}
	return filepath.Join(string(c), fmt.Sprintf("%s-%x", m.name, hash.Sum(nil)[:6])), nil
}

// has tells whether all that m provides is in the cache.
func (c cache) has(source string, m module) (bool, error) {
	folder, err := c.folder(source, m)
	if err != nil {
		return false, err
	}
	for _, name := range m.provides() {
		if present, err := usable(filepath.Join(folder, name)); err != nil {
			return false, fmt.Errorf("looking for %s in the cache: %w", name, err)
		} else if !present {
			return false, nil
		}
	}
	return true, nil
}

// usable tells whether there is something at path. An empty file is what a
// crash of the machine can leave of a program.
func usable(path string) (bool, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return false, nil
	}
	return err == nil && (info.IsDir() || info.Size() > 0), err
}

// programs returns the paths of all that the modules provide.
func (c cache) programs(source string, wanted []module) (map[string]string, error) {
	programs := map[string]string{}
	for _, m := range wanted {
		folder, err := c.folder(source, m)
		if err != nil {
			return nil, err
		}
		for _, name := range m.provides() {
			programs[name] = filepath.Join(folder, name)
		}
	}
	return programs, nil
}

// locked calls f while no other process builds m, after removing what such a
// process left unfinished if it was killed.
func (c cache) locked(m module, f func() error) error {
	unlock, err := lockedfile.MutexAt(filepath.Join(string(c), "."+m.name+".lock")).Lock()
	if err != nil {
		return fmt.Errorf("locking the cache for %s: %w", m.name, err)
	}
	defer unlock()
	stale, err := filepath.Glob(filepath.Join(string(c), unfinished(m)+"*"))
	if err != nil {
		return fmt.Errorf("looking for unfinished builds of %s: %w", m.name, err)
	}
	for _, dir := range stale {
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("removing an unfinished build of %s: %w", m.name, err)
		}
	}
	return f()
}

// unfinished is how the names of the folders begin in which m is being built.
// It ends with a character that is in no module's name: otherwise that of runc
// would begin those of runc-unfiltered too.
func unfinished(m module) string { return ".building-" + m.name + "." }

// publish puts a finished build in its final place, instead of one from
// which somebody has removed a program.
func publish(dir, final string) error {
	if err := os.RemoveAll(final); err != nil {
		return fmt.Errorf("replacing a damaged build: %w", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		return fmt.Errorf("finishing a build: %w", err)
	}
	if err := os.Rename(dir, final); err != nil {
		return fmt.Errorf("finishing a build: %w", err)
	}
	return nil
}
