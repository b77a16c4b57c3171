package tools

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// A cache holds one folder for each module and each state of what pins it. A
// folder appears under its final name only when it is whole.
type cache string

func openCache() (cache, error) {
	if dir := prebuilt(); dir != "" {
		absolute, err := filepath.Abs(dir)
		return cache(absolute), err
	}
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("finding the folder for built tools: %w; set XDG_CACHE_HOME or HOME", err)
	}
	dir := filepath.Join(user, "container-signing", "tools")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("making the folder for built tools: %w; XDG_CACHE_HOME names another place", err)
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
	fmt.Fprintln(hash, recipe, runtime.Version(), runtime.GOOS, runtime.GOARCH, goFlags, m.upstream, m.programs, m.platforms, m.assets)
	pins := []string{"go.mod", "go.sum"}
	if m.upstream == "" {
		pins = []string{"go.mod", "main.go"}
	}
	for _, name := range pins {
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
		if _, err := os.Stat(filepath.Join(folder, name)); errors.Is(err, os.ErrNotExist) {
			return false, nil
		} else if err != nil {
			return false, fmt.Errorf("looking for %s in the cache: %w", name, err)
		}
	}
	return true, nil
}

// programs returns the paths of all that the modules provide.
func (c cache) programs(source string, wanted []module) (Programs, error) {
	programs := Programs{}
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

// missingFrom tells which programs a finished build did not produce.
func missingFrom(m module, dir string) error {
	var missing []string
	for _, name := range m.provides() {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	if len(missing) > 0 {
		return fmt.Errorf("building %s: the build made no %s", m.name, strings.Join(missing, ", "))
	}
	return nil
}
