package workload

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"container-signing/internal/hint"
)

// expectation reads from the documents' annotations what must happen.
func expectation(documents []Document, mustBeRefused bool) (*Refusal, error) {
	for i, document := range documents {
		if err := document.checkAnnotations(i == len(documents)-1, mustBeRefused); err != nil {
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

// checkAnnotations finds misspelled annotations, annotations of a refusal on a
// document that must be admitted, and those of an attack on one that only
// prepares for it.
func (d Document) checkAnnotations(last, mustBeRefused bool) error {
	refusal := []string{RefusedBy, Because, RefusedImage}
	told := []string{Attack, Why, KnownFrom, KnownFault}
	known := slices.Concat(refusal, told, []string{As, By, NamespaceLabels})
	for _, name := range slices.Sorted(maps.Keys(d.Object.GetAnnotations())) {
		switch {
		case !strings.HasPrefix(name, AnnotationPrefix):
		case !slices.Contains(known, name):
			err := fmt.Errorf("%s has the unknown annotation %s", d.describe(), name)
			return hint.Add(err, "known are %s", strings.Join(known, ", "))
		case slices.Contains(told, name) && !last:
			err := fmt.Errorf("%s has the annotation %s, but isn't the last document", d.describe(), name)
			return hint.Add(err, "the last one decides")
		case slices.Contains(refusal, name) && !(last && mustBeRefused):
			err := fmt.Errorf("%s has the annotation %s, but must be admitted", d.describe(), name)
			return hint.Add(err, "only the last document of a file in %s/ must be refused", deny)
		}
	}
	return nil
}

// refusal reads the annotations of a document that must be refused.
func (d Document) refusal() (*Refusal, error) {
	annotations := d.Object.GetAnnotations()
	for _, name := range []string{RefusedBy, Because} {
		if annotations[name] == "" {
			err := fmt.Errorf("%s must be refused, but has no annotation %s", d.describe(), name)
			return nil, hint.Add(err, "it needs %s", annotationsNeeded)
		}
	}
	because, err := regexp.Compile(annotations[Because])
	if err != nil {
		return nil, fmt.Errorf("%s: annotation %s: %w", d.describe(), Because, err)
	}
	if because.MatchString("") {
		err := fmt.Errorf("%s: annotation %s: %q matches every reason", d.describe(), Because, because)
		return nil, hint.Add(err, "name words that the reason must have")
	}
	refusal := &Refusal{Policy: annotations[RefusedBy], Because: because, Image: annotations[RefusedImage]}
	if refusal.Image != "" && !d.names(refusal.Image) {
		return nil, fmt.Errorf("%s: annotation %s: no container has the image %q",
			d.describe(), RefusedImage, refusal.Image)
	}
	return refusal, nil
}
