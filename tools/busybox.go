package tools

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// BusyboxTag is the tag of the demonstration image in the OCI image layout
// that [Build] makes for "busybox".
const BusyboxTag = "u-root"

// busyboxLabels say in every copy of the demonstration image what it is.
var busyboxLabels = map[string]string{
	"org.opencontainers.image.title": "busybox (u-root commands)",
	"org.opencontainers.image.description": "A stand-in for busybox: static commands of u-root, " +
		"built from their Go module for the demonstration of container-signing",
	"org.opencontainers.image.licenses": "BSD-3-Clause",
	"org.opencontainers.image.source":   "https://github.com/u-root/u-root",
}

// makeBusybox makes an image of u-root's commands in dir, which has a subfolder
// for each platform, and leaves nothing in dir but its OCI image layout, which
// is called busybox.
func makeBusybox(dir string, platforms []string) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, name := range platforms {
		platform, err := v1.ParsePlatform(name)
		if err != nil {
			return fmt.Errorf("making the busybox image: %w", err)
		}
		content, err := tarOf(filepath.Join(dir, name))
		if err != nil {
			return fmt.Errorf("making the busybox image for %s: %w", name, err)
		}
		run := v1.Config{Env: []string{"PATH=/bin"}, Cmd: []string{"sh"}, Labels: busyboxLabels}
		image, err := imageOf(content, *platform, run)
		if err != nil {
			return fmt.Errorf("making the busybox image for %s: %w", name, err)
		}
		addendum := mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: platform}}
		index = mutate.AppendManifests(index, addendum)
	}
	annotated, ok := mutate.Annotations(index, busyboxLabels).(v1.ImageIndex)
	if !ok {
		return fmt.Errorf("making the busybox image: annotating it made something else of it")
	}
	path, err := layout.Write(filepath.Join(dir, "busybox"), empty.Index)
	if err != nil {
		return fmt.Errorf("making the busybox image: %w", err)
	}
	tag := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": BusyboxTag})
	if err := path.AppendIndex(annotated, tag); err != nil {
		return fmt.Errorf("making the busybox image: %w", err)
	}
	return os.RemoveAll(filepath.Join(dir, "linux"))
}

// tarOf returns a tar archive of the programs in folder as /bin, the same
// bytes for the same programs, with gosh also as sh.
func tarOf(folder string) ([]byte, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var content bytes.Buffer
	archive := tar.NewWriter(&content)
	for _, dir := range []string{"bin/", "tmp/"} {
		header := &tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o755, ModTime: time.Unix(0, 0)}
		if dir == "tmp/" {
			header.Mode = 0o1777
		}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
	}
	for _, entry := range entries {
		if err := addProgram(archive, filepath.Join(folder, entry.Name()), "bin/"+entry.Name()); err != nil {
			return nil, err
		}
	}
	link := &tar.Header{
		Typeflag: tar.TypeSymlink, Name: "bin/sh", Linkname: "gosh", Mode: 0o777, ModTime: time.Unix(0, 0),
	}
	if err := archive.WriteHeader(link); err != nil {
		return nil, err
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return content.Bytes(), nil
}
