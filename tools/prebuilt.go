package tools

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// FolderVariable is the environment variable that names a folder of tools that
// [Export] has made. [Build] takes them from there, and builds nothing.
const FolderVariable = "CONTAINER_SIGNING_TOOLS"

// prebuilt returns the folder that FolderVariable names; "" if there is none.
func prebuilt() string { return os.Getenv(FolderVariable) }

// lacking tells that a folder of prebuilt tools isn't of this source.
func lacking(dir string, source string, m module) error {
	wanted, err := cache(dir).folder(source, m)
	if err != nil {
		return err
	}
	return fmt.Errorf("looking for %s in %q, which %s names: there is no %s: its tools were built of other pins, by another Go release or for another platform; build them anew, or unset %s to have them built here",
		m.name, dir, FolderVariable, filepath.Base(wanted), FolderVariable)
}

// InFolder lists what is pinned in a folder of tools/, such as "kubernetes".
func InFolder(folder string) []string {
	var names []string
	for _, m := range modules {
		if filepath.Base(m.source("")) == folder {
			names = append(names, m.provides()...)
		}
	}
	return names
}

// Export builds what is asked for by name as [Build] does, copies it to dir,
// and links every program to dir/bin. Together with dir as [FolderVariable],
// programs of the same source and Go release need no Go to find their tools.
func Export(ctx context.Context, out io.Writer, dir string, names ...string) error {
	built, err := Build(ctx, out, names...)
	if err != nil {
		return err
	}
	bin := filepath.Join(dir, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return fmt.Errorf("exporting tools: %w", err)
	}
	var copied []string
	for name, path := range built {
		folder := filepath.Dir(path)
		to := filepath.Join(dir, filepath.Base(folder))
		if !slices.Contains(copied, folder) {
			if err := replace(to, folder); err != nil {
				return fmt.Errorf("exporting %s: %w", name, err)
			}
			copied = append(copied, folder)
		}
		if err := link(filepath.Join(to, name), filepath.Join(bin, name)); err != nil {
			return fmt.Errorf("exporting %s: %w", name, err)
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
