// Package release signs and copies images of the user's own, where they are.
package release

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"

	"container-signing/e2e/internal/reference"
)

// An Image is an image that has been signed or copied.
type Image struct {
	// Reference names the image by its digest.
	Reference string `json:"reference"`
	Digest    string `json:"digest"`
	// Signatures are the digests of the signatures: of the one that was made,
	// or of all that were copied.
	Signatures []string `json:"signatures"`
}

func newImage(at reference.Reference, signatures []string) Image {
	return Image{Reference: at.String(), Digest: at.Digest, Signatures: signatures}
}

// without returns the digests of all that aren't among others.
func without(all, others []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(digest string) bool { return slices.Contains(others, digest) })
}

// WriteJSON writes a file that others may read.
func WriteJSON(path string, value any) error {
	content, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding %q: %w", path, err)
	}
	if err := os.WriteFile(path, append(content, '\n'), 0o644); err != nil {
		return fmt.Errorf("writing a result: %w", err)
	}
	return nil
}
