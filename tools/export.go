package tools

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Export builds what is asked for by name as [Build] does, copies it to dir,
// and links every program to dir/bin. Together with dir as [FolderVariable],
// programs of the same source and Go release need no Go to find their tools.
func Export(ctx context.Context, out io.Writer, dir string, names ...string) error {
	if _, err := Build(ctx, out, names...); err != nil {
		return err
	}
	wanted, err := modulesFor(names)
	if err != nil {
		return err
	}
	source, err := sourceFolder()
	if err != nil {
		return err
	}
	cache, err := openCache()
	if err != nil {
		return err
	}
	for _, m := range wanted {
		if err := cache.export(dir, source, m); err != nil {
			return fmt.Errorf("exporting %s: %w", m.name, err)
		}
	}
	return nil
}

// export copies a built module to dir.
func (c cache) export(dir, source string, m module) error {
	built, err := c.folder(source, m)
	if err != nil {
		return err
	}
	to, bin := filepath.Join(dir, filepath.Base(built)), filepath.Join(dir, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return err
	}
	if err := replace(to, built); err != nil {
		return err
	}
	for _, name := range m.provides() {
		if err := link(filepath.Join(to, name), filepath.Join(bin, name)); err != nil {
			return err
		}
	}
	return nil
}

// replace copies a folder to another place, instead of what is there.
func replace(to, from string) error {
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return os.CopyFS(to, os.DirFS(from))
}

// link makes a relative link at path to a program, if it is one.
func link(program, path string) error {
	info, err := os.Stat(program)
	if err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 {
		return err
	}
	target, err := filepath.Rel(filepath.Dir(path), program)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.Symlink(target, path)
}
