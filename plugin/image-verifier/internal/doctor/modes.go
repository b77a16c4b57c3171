package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"container-signing/internal/hint"
)

// checkExposed finds what others than root could change about a file: itself, or
// the folder in which it is, also where a link leads to. What is above is the
// machine's, not the lock's.
func checkExposed(path string) error {
	resolved, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fmt.Errorf("looking who may change %q: %w", path, err)
	}
	for _, at := range []string{path, filepath.Dir(path), filepath.Dir(resolved)} {
		if err := checkMode(at); err != nil {
			return err
		}
	}
	return nil
}

// checkMode finds a file that others than root may change. In a folder with the
// sticky bit nobody replaces what is another's.
func checkMode(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("looking who may change %q: %w", path, err)
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	writable := info.Mode()&0o002 != 0 || info.Mode()&0o020 != 0 && ok && owner.Gid != 0
	if info.IsDir() && info.Mode()&os.ModeSticky != 0 {
		writable = false
	}
	if writable || ok && owner.Uid != 0 {
		return hint.Add(fmt.Errorf("others than root may change %q (%s)", path, info.Mode()),
			"chown root:root and chmod go-w")
	}
	return nil
}
