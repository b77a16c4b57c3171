package chain

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	specs "github.com/opencontainers/image-spec/specs-go/v1"
)

// InLayout completes the reference of an image in an OCI image layout: one that
// names the folder alone is of the only image that has a tag there.
func InLayout(reference string) (string, error) {
	folder := LayoutFolder(reference)
	if folder != reference {
		return reference, nil
	}
	content, err := os.ReadFile(filepath.Join(folder, specs.ImageIndexFile))
	if err != nil {
		return "", fmt.Errorf("looking for the image in %q: %w; give the folder of an OCI image layout", reference, err)
	}
	var index specs.Index
	if err := json.Unmarshal(content, &index); err != nil {
		return "", fmt.Errorf("looking for the image in %q: reading %s: %w", reference, specs.ImageIndexFile, err)
	}
	var tags []string
	for _, manifest := range index.Manifests {
		if tag := manifest.Annotations[specs.AnnotationRefName]; tag != "" {
			tags = append(tags, tag)
		}
	}
	slices.Sort(tags) // oras writes them in any order
	switch len(tags) {
	case 0:
		return "", fmt.Errorf("looking for the image in %q: none has a tag; name it by its digest, as %s@sha256:…", reference, reference)
	case 1:
		return reference + ":" + tags[0], nil
	}
	return "", fmt.Errorf("looking for the image in %q: there are %s; name one, as %s:%s", reference, strings.Join(tags, ", "), reference, tags[0])
}
