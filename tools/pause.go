package tools

import (
	"archive/tar"
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// PauseImage is the name of the image of a pod's sandbox in the archive that
// [Build] makes for "pause-image". There is no registry of that name (RFC 2606,
// section 2): the image is imported, never pulled.
const PauseImage = "container-signing.invalid/pause:1"

// makePause makes an image of the program pause and leaves nothing in dir but
// its archive, which a container runtime can import.
func makePause(dir string, platforms []string) error {
	platform, err := v1.ParsePlatform(platforms[0])
	if err != nil {
		return fmt.Errorf("making the pause image: %w", err)
	}
	var content bytes.Buffer
	archive := tar.NewWriter(&content)
	if err := addProgram(archive, filepath.Join(dir, platforms[0], "pause"), "pause"); err != nil {
		return fmt.Errorf("making the pause image: %w", err)
	}
	if err := archive.Close(); err != nil {
		return fmt.Errorf("making the pause image: %w", err)
	}
	image, err := imageOf(content.Bytes(), *platform, v1.Config{Entrypoint: []string{"/pause"}, User: "65535:65535"})
	if err != nil {
		return fmt.Errorf("making the pause image: %w", err)
	}
	tag, err := name.NewTag(PauseImage)
	if err != nil {
		return fmt.Errorf("making the pause image: %w", err)
	}
	if err := tarball.WriteToFile(filepath.Join(dir, "pause-image"), tag, image); err != nil {
		return fmt.Errorf("making the pause image: %w", err)
	}
	return os.RemoveAll(filepath.Join(dir, "linux"))
}
