package workload

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"container-signing/internal/hint"
)

// readRequest reads the annotations of a document.
func (d *Document) readRequest() error {
	annotations := d.Object.GetAnnotations()
	d.Request.As, d.Request.By = annotations[As], annotations[By]
	if by := d.Request.By; by != "" && !slices.Contains(ways, by) {
		err := fmt.Errorf("%s: annotation %s: unknown way %q", d.describe(), By, by)
		return hint.Add(err, "known are %s", strings.Join(ways, ", "))
	}
	if d.Request.By != "" && d.Updates < 0 {
		err := fmt.Errorf("%s has the annotation %s, but changes nothing", d.describe(), By)
		return hint.Add(err, "describe the object in the document before, as it is to be changed")
	}
	text, labelled := annotations[NamespaceLabels]
	if !labelled {
		return nil
	}
	if d.Object.GetNamespace() == "" {
		err := fmt.Errorf("%s has the annotation %s, but names no namespace", d.describe(), NamespaceLabels)
		return hint.Add(err, "name one that isn't there yet")
	}
	var err error
	if d.Request.NamespaceLabels, err = labels.ConvertSelectorToLabelsMap(text); err != nil {
		err = fmt.Errorf("%s: annotation %s: %w", d.describe(), NamespaceLabels, err)
		return hint.Add(err, "write them as KEY=VALUE,KEY=VALUE")
	}
	return nil
}
