package reference

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	specs "github.com/opencontainers/image-spec/specs-go/v1"

	"container-signing/internal/hint"
)

// IsPath tells whether text has to name an OCI image layout: no registry's name
// begins like that.
func IsPath(text string) bool {
	return strings.HasPrefix(text, "/") || strings.HasPrefix(text, "./") || strings.HasPrefix(text, "../")
}

// IsLayout tells whether text names an image in a folder that is an OCI image
// layout, as FOLDER, FOLDER:TAG or FOLDER@DIGEST.
func IsLayout(text string) bool {
	folder, _, _ := cutLayout(text)
	_, err := os.Stat(filepath.Join(folder, specs.ImageLayoutFile))
	return err == nil
}

// ParseLayout reads a reference to an image in an OCI image layout, which needs
// not be there yet.
func ParseLayout(text string) (Reference, error) {
	folder, tag, digest := cutLayout(text)
	if digest != "" {
		if err := checkDigest(digest); err != nil {
			return Reference{}, hint.Add(err, "name the image as FOLDER:TAG or FOLDER@sha256:…")
		}
	}
	return Reference{Layout: folder, Tag: tag, Digest: digest}, nil
}

// cutLayout takes a reference apart. A colon in the name of a folder is no tag.
func cutLayout(text string) (folder, tag, digest string) {
	if i := strings.LastIndex(text, "@"); i > 0 {
		return text[:i], "", text[i+1:]
	}
	if i := strings.LastIndex(text, ":"); i > strings.LastIndex(text, string(filepath.Separator)) {
		return text[:i], text[i+1:], ""
	}
	return text, "", ""
}

// Only completes a reference that names the folder of an OCI image layout
// alone: it is that of the only image there that has a tag.
func (r Reference) Only() (Reference, error) {
	if !r.InLayout() || r.Tag != "" || r.Digest != "" {
		return r, nil
	}
	tags, err := tagsIn(r.Layout)
	if err != nil {
		return r, fmt.Errorf("looking for the image in %q: %w", r.Layout, err)
	}
	switch len(tags) {
	case 0:
		return r, hint.Add(fmt.Errorf("looking for the image in %q: none has a tag", r.Layout),
			"name it by its digest, as %s@sha256:…", r.Layout)
	case 1:
		r.Tag = tags[0]
		return r, nil
	}
	return r, hint.Add(fmt.Errorf("looking for the image in %q: there are %s", r.Layout, strings.Join(tags, ", ")),
		"name one, as %s:%s", r.Layout, tags[0])
}

// tagsIn lists the tags in an OCI image layout, sorted: tools write them in any
// order.
func tagsIn(folder string) ([]string, error) {
	content, err := os.ReadFile(filepath.Join(folder, specs.ImageIndexFile))
	if err != nil {
		return nil, hint.Add(err, "give the folder of an OCI image layout")
	}
	var index specs.Index
	if err := json.Unmarshal(content, &index); err != nil {
		return nil, fmt.Errorf("reading %s: %w", specs.ImageIndexFile, err)
	}
	var tags []string
	for _, manifest := range index.Manifests {
		if tag := manifest.Annotations[specs.AnnotationRefName]; tag != "" {
			tags = append(tags, tag)
		}
	}
	slices.Sort(tags)
	return tags, nil
}
