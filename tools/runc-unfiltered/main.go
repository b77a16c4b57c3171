// Command runc-unfiltered runs the runc in PATH without system call filters.
//
// Filters need libseccomp, a C library that is in no Go module, so that our
// runc is built without it and refuses every container for which it is given
// one. kubelet gives one to the sandbox of every pod. This takes it out of the
// bundle's configuration (OCI runtime specification, "linux.seccomp") and lets
// runc do the rest.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
)

func main() {
	if err := run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "runc-unfiltered:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if slices.Contains(args, "create") {
		if err := removeFilter(bundleOf(args)); err != nil {
			return err
		}
	}
	runc, err := exec.LookPath("runc")
	if err != nil {
		return err
	}
	return fmt.Errorf("starting %q: %w", runc, syscall.Exec(runc, args, os.Environ()))
}

// bundleOf returns the bundle that runc is given: that of its flag, or the
// working directory.
func bundleOf(args []string) string {
	if flag := slices.Index(args, "--bundle"); flag >= 0 && flag+1 < len(args) {
		return args[flag+1]
	}
	return "."
}

func removeFilter(bundle string) error {
	file := filepath.Join(bundle, "config.json")
	content, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("reading a container's configuration: %w", err)
	}
	// Only what is looked at is decoded: numbers keep their digits.
	var spec, linux map[string]json.RawMessage
	if err := json.Unmarshal(content, &spec); err != nil {
		return fmt.Errorf("reading a container's configuration %q: %w", file, err)
	}
	if err := json.Unmarshal(spec["linux"], &linux); err != nil {
		return fmt.Errorf("reading a container's configuration %q: %w", file, err)
	}
	delete(linux, "seccomp")
	if spec["linux"], err = json.Marshal(linux); err != nil {
		return fmt.Errorf("writing a container's configuration: %w", err)
	}
	if content, err = json.Marshal(spec); err != nil {
		return fmt.Errorf("writing a container's configuration: %w", err)
	}
	if err := os.WriteFile(file, content, 0o600); err != nil {
		return fmt.Errorf("writing a container's configuration: %w", err)
	}
	return nil
}
