package workload

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"

	"container-signing/internal/hint"
)

// The annotations that say how the API server is asked.
const (
	As              = AnnotationPrefix + "as"
	By              = AnnotationPrefix + "by"
	NamespaceLabels = AnnotationPrefix + "namespace-labels"
)

// The ways by which an object that is there can be changed, for [Request.By].
// Without one it is a strategic merge patch, as of kubectl apply.
const (
	MergePatch      = "merge-patch"
	JSONPatch       = "json-patch"
	ServerSideApply = "server-side-apply"
	Replace         = "replace"
	StatusPatch     = "status-patch"
	ResizePatch     = "resize-patch"
)

var ways = []string{MergePatch, JSONPatch, ServerSideApply, Replace, StatusPatch, ResizePatch}

// A Request says how the API server is asked to create or to change an object.
type Request struct {
	// As is the user who asks, with the rights of an administrator
	// (container-signing/as); empty for the administrator.
	As string
	// By is the way of a change (container-signing/by).
	By string
	// NamespaceLabels are those of the object's namespace, if that has to be
	// created (container-signing/namespace-labels).
	NamespaceLabels map[string]string
}

// ChangesNothing tells whether the way of a change has no say in images: what it
// asks of them is ignored.
func (r Request) ChangesNothing() bool { return r.By == StatusPatch || r.By == ResizePatch }

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
