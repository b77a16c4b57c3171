package workload

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// expectation reads from the documents' annotations what must happen.
func expectation(documents []Document, mustBeRefused bool) (*Refusal, error) {
	for i, document := range documents {
		decides := mustBeRefused && i == len(documents)-1
		if err := document.checkAnnotations(decides); err != nil {
			return nil, fmt.Errorf("document %d: %w", document.Number, err)
		}
	}
	if !mustBeRefused {
		return nil, nil
	}
	last := documents[len(documents)-1]
	refusal, err := last.refusal()
	if err != nil {
		return nil, fmt.Errorf("document %d: %w", last.Number, err)
	}
	return refusal, nil
}

// checkAnnotations finds misspelled annotations, and annotations of a refusal
// on a document that must be admitted.
func (d Document) checkAnnotations(decides bool) error {
	known := []string{RefusedBy, Because, RefusedImage}
	for _, name := range slices.Sorted(maps.Keys(d.Object.GetAnnotations())) {
		switch {
		case !strings.HasPrefix(name, AnnotationPrefix):
		case !slices.Contains(known, name):
			return fmt.Errorf("%s has the unknown annotation %s: known are %s", d.describe(), name, strings.Join(known, ", "))
		case !decides:
			return fmt.Errorf("%s has the annotation %s, but must be admitted: only the last document of a file in %s/ must be refused", d.describe(), name, deny)
		}
	}
	return nil
}

// refusal reads the annotations of a document that must be refused.
func (d Document) refusal() (*Refusal, error) {
	annotations := d.Object.GetAnnotations()
	for _, name := range []string{RefusedBy, Because} {
		if annotations[name] == "" {
			return nil, fmt.Errorf("%s must be refused, but has no annotation %s: it needs %s", d.describe(), name, annotationsNeeded)
		}
	}
	because, err := regexp.Compile(annotations[Because])
	if err != nil {
		return nil, fmt.Errorf("%s: annotation %s: %w", d.describe(), Because, err)
	}
	if because.MatchString("") {
		return nil, fmt.Errorf("%s: annotation %s: %q matches every reason; name words that the reason must have", d.describe(), Because, because)
	}
	refusal := &Refusal{Policy: annotations[RefusedBy], Because: because, Image: annotations[RefusedImage]}
	used := func(c Container) bool { return c.Image() == refusal.Image }
	if refusal.Image != "" && !slices.ContainsFunc(d.Kind.Containers(d.Object), used) {
		return nil, fmt.Errorf("%s: annotation %s: no container has the image %q", d.describe(), RefusedImage, refusal.Image)
	}
	return refusal, nil
}
