package node

import (
	"fmt"
	"os"
	"path/filepath"
)

// runFolder is where the files are, in the node, that configure its programs.
const runFolder = "/run/container-signing"

// files are what configures a program, by their paths.
type files struct {
	contents map[string]string
	links    map[string]string // and where they lead to
}

// write writes them all, for root alone.
func (f files) write() error {
	for path, content := range f.contents {
		if err := writeFile(path, content); err != nil {
			return err
		}
	}
	for path, target := range f.links {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("configuring the node: %w", err)
		}
		if err := os.Symlink(target, path); err != nil {
			return fmt.Errorf("configuring the node: %w", err)
		}
	}
	return nil
}

func writeFile(path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("configuring the node: %w", err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		return fmt.Errorf("configuring the node: %w", err)
	}
	return nil
}
