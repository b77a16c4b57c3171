package doctor

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"container-signing/internal/hint"
	"container-signing/plugin/image-verifier/internal/containerd"
)

// examineVerifiers looks whether containerd gets to this program.
func (f *findings) examineVerifiers(c containerd.Configuration, process containerd.Process, v Verifier) {
	verifiers, err := c.Verifiers()
	if err != nil {
		f.unknown(fmt.Errorf("reading which image verifiers there are: %w", err))
		return
	}
	path, err := findOwn(verifiers)
	if err == nil {
		f.own = filepath.Base(path)
		err = checkExposed(path)
	}
	if err == nil {
		err = checkTime(verifiers.Timeout, process, v)
	}
	if err != nil {
		f.fault(named(err, c, "bin_dir", "max_verifiers", "per_verifier_timeout"))
		return
	}
	f.well("it asks %q", path)
}

// named adds where the settings come from that have to do with an error.
func named(err error, c containerd.Configuration, settings ...string) error {
	for _, setting := range settings {
		if file := c.Origin(setting); file != "" {
			err = hint.Add(err, "%s is set in %q", setting, file)
		}
	}
	return err
}

// findOwn returns the path by which containerd calls this program. Whatever is
// in the folder is called; what can't be fails each pull.
func findOwn(verifiers containerd.Verifiers) (string, error) {
	entries, err := os.ReadDir(verifiers.Folder)
	if errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0 {
		return "", hint.Add(
			fmt.Errorf("there is nothing in %q, where containerd looks for image verifiers: it allows every pull",
				verifiers.Folder), "install this program there")
	}
	if err != nil {
		return "", fmt.Errorf("looking for image verifiers: %w", err)
	}
	own := ""
	for i, entry := range entries {
		path := filepath.Join(verifiers.Folder, entry.Name())
		if verifiers.Most >= 0 && i >= verifiers.Most {
			break
		}
		info, err := os.Stat(path)
		if err == nil && (!info.Mode().IsRegular() || info.Mode()&0o111 == 0) {
			err = errors.New("it isn't a program that can be run")
		}
		if err != nil {
			return "", hint.Add(fmt.Errorf("containerd runs %q, and every pull fails: %w", path, err),
				"make it executable, or put it elsewhere")
		}
		if own == "" && isOwn(path, info) {
			own = path
		}
	}
	if own == "" {
		return "", hint.Add(
			fmt.Errorf("this program isn't among the image verifiers in %q that containerd runs", verifiers.Folder),
			"install it there, with a max_verifiers that doesn't leave it out, and call the doctor of that one")
	}
	return own, nil
}

// isOwn tells whether a file is this program, or a copy of it.
func isOwn(path string, info os.FileInfo) bool {
	self, err := os.Stat("/proc/self/exe")
	if err != nil || self.Size() != info.Size() {
		return false
	}
	if os.SameFile(self, info) {
		return true
	}
	ours, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return false
	}
	theirs, err := os.ReadFile(path)
	return err == nil && bytes.Equal(ours, theirs)
}

// checkTime finds a verifier that containerd kills before it answers.
func checkTime(containerds time.Duration, process containerd.Process, v Verifier) error {
	own := v.Timeout
	if set := process.Getenv(v.TimeoutVariable); set != "" {
		var err error
		if own, err = time.ParseDuration(set); err != nil {
			return fmt.Errorf("reading %s in containerd's environment: %w", v.TimeoutVariable, err)
		}
	}
	if own >= containerds {
		return hint.Add(
			fmt.Errorf("containerd ends a verifier after %s, and this one takes up to %s: pulls fail without a reason",
				containerds, own),
			"set per_verifier_timeout to a longer time, or %s to a shorter one", v.TimeoutVariable)
	}
	return nil
}
