package tools

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// builtPrograms makes a folder as a build for two platforms leaves it.
func builtPrograms(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, platform := range []string{"linux/amd64", "linux/arm64"} {
		for _, program := range []string{"gosh", "ls", "pause"} {
			writeFiles(t, dir, map[string]string{filepath.Join(platform, program): platform})
		}
	}
	return dir
}

// TestBusyboxIsReproducible makes the same image of the same programs, however
// old these are, and another one of others.
func TestBusyboxIsReproducible(t *testing.T) {
	var digests []string
	for i, change := range []func(dir string) error{
		func(string) error { return nil },
		func(dir string) error {
			return os.Chtimes(filepath.Join(dir, "linux/amd64/ls"), time.Unix(1, 0), time.Unix(1, 0))
		},
		func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "linux/arm64/ls"), []byte("other"), 0o600)
		},
	} {
		dir := builtPrograms(t)
		if err := change(dir); err != nil {
			t.Fatal(err)
		}
		if err := makeBusybox(dir, []string{"linux/amd64", "linux/arm64"}); err != nil {
			t.Fatal(err)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("%d: beside the image are left %v (%v)", i, entries, err)
		}
		index, err := layout.ImageIndexFromPath(filepath.Join(dir, "busybox"))
		if err != nil {
			t.Fatal(err)
		}
		if err := validate.Index(index); err != nil {
			t.Error(err)
		}
		digest, err := index.Digest()
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, digest.String())
	}
	if digests[0] != digests[1] || digests[0] == digests[2] {
		t.Errorf("of the same programs, of older ones and of others it makes %v", digests)
	}
}

// TestBusyboxArchive reads what a container gets: commands, a shell, and a
// folder in which everybody may write.
func TestBusyboxArchive(t *testing.T) {
	content, err := tarOf(filepath.Join(builtPrograms(t), "linux/amd64"))
	if err != nil {
		t.Fatal(err)
	}
	if end := content[max(0, len(content)-1024):]; !bytes.Equal(end, make([]byte, 1024)) {
		t.Error("the archive has no end: two empty blocks (POSIX, pax)")
	}
	seen := map[string]*tar.Header{}
	archive := tar.NewReader(bytes.NewReader(content))
	for {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if seen[header.Name] = header; !header.ModTime.Equal(time.Unix(0, 0)) {
			t.Errorf("%s is of %s, so that each build makes another image", header.Name, header.ModTime)
		}
	}
	for name, mode := range map[string]int64{
		"bin/": 0o755, "tmp/": 0o1777, "bin/gosh": 0o755, "bin/ls": 0o755, "bin/sh": 0o777,
	} {
		if seen[name] == nil || seen[name].Mode != mode {
			t.Errorf("%s is %+v, not of mode %o", name, seen[name], mode)
		}
	}
	if seen["bin/sh"] == nil || seen["bin/sh"].Linkname != "gosh" {
		t.Errorf("the shell is %+v", seen["bin/sh"])
	}
}

func TestImagesOfWhatIsntThere(t *testing.T) {
	for name, finish := range map[string]func(string, []string) error{"busybox": makeBusybox, "pause": makePause} {
		if err := finish(t.TempDir(), []string{"linux/amd64"}); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s without programs: %v", name, err)
		}
		if err := finish(builtPrograms(t), []string{"linux/amd64/v8/more"}); err == nil {
			t.Errorf("%s for a platform that can't be: %v", name, err)
		}
	}
}

func TestPauseLeavesNothingBesideItsImage(t *testing.T) {
	dir := builtPrograms(t)
	if err := makePause(dir, []string{"linux/arm64"}); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || !slices.Equal(names(entries), []string{"pause-image"}) {
		t.Errorf("left are %v (%v)", names(entries), err)
	}
	image := readPause(t, filepath.Join(dir, "pause-image"))
	config, err := image.ConfigFile()
	if err != nil || config.Architecture != "arm64" || config.OS != "linux" {
		t.Errorf("the image is for %+v (%v)", config, err)
	}
}

func names(entries []fs.DirEntry) (all []string) {
	for _, entry := range entries {
		all = append(all, entry.Name())
	}
	return all
}
