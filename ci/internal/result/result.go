// Package result reads what the program e2e writes of what it has done.
package result

import (
	"encoding/json"
	"fmt"
)

// An Image is one that has been signed or copied.
type Image struct {
	// Reference names it by its digest.
	Reference, Digest string
	// Signatures are the digests of its signatures.
	Signatures []string
}

// Images reads what `e2e sign` and `e2e copy` write of a number of images.
func Images(content string, number int) ([]Image, error) {
	var images []Image
	if err := json.Unmarshal([]byte(content), &images); err != nil {
		return nil, fmt.Errorf("reading what was signed: %w", err)
	}
	if len(images) != number {
		return nil, fmt.Errorf("reading what was signed: of %d images there are %d", number, len(images))
	}
	for _, image := range images {
		if image.Reference == "" || image.Digest == "" || len(image.Signatures) == 0 {
			return nil, fmt.Errorf("reading what was signed: %+v isn't whole", image)
		}
	}
	return images, nil
}

// Pushed reads what `e2e push` writes: the image to sign, in its registry.
func Pushed(content, registry string) (string, error) {
	var pushed struct{ Repository, Tag string }
	if err := json.Unmarshal([]byte(content), &pushed); err != nil {
		return "", fmt.Errorf("reading what was pushed: %w", err)
	}
	if pushed.Repository == "" || pushed.Tag == "" {
		return "", fmt.Errorf("reading what was pushed: %q names no image", content)
	}
	return registry + "/" + pushed.Repository + ":" + pushed.Tag, nil
}
