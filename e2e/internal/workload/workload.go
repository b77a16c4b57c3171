// Package workload reads the manifests that show what a policy admits and
// what it refuses.
//
// A workload is one YAML file below a folder admit/ or deny/. Its documents
// are applied in their order. In admit/ each must be admitted; in deny/ each
// but the last must be admitted, and the last must be refused. A document
// that repeats an object of an earlier one is an update of it, so that an
// update of what was admitted is two documents of one object. Ephemeral
// containers, which the API adds to existing pods only, are such an update.
//
// The last document of a file in deny/ says by annotations which refusal it
// expects; see [Refusal]. That of any file may tell what an attacker tries by it,
// see [Workload], and each how the API server is asked, see [Request].
package workload

import (
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"container-signing/e2e/internal/report"
)

// AnnotationPrefix is that of all annotations that say what must happen.
const AnnotationPrefix = "container-signing/"

// The annotations of a document that must be refused.
const (
	RefusedBy         = AnnotationPrefix + "refused-by"
	Because           = AnnotationPrefix + "because"
	RefusedImage      = AnnotationPrefix + "refused-image"
	annotationsNeeded = RefusedBy + " (the policy that must refuse it) and " +
		Because + " (a regular expression that the reason must match)"
)

// A Workload is one file of manifests.
type Workload struct {
	// Name is the path of the file below the folder of workloads, without
	// its extension: "deny/pod-unsigned".
	Name string
	// File is the path of the file.
	File      string
	Documents []Document
	// Refusal is what must happen to the last document; nil if it must be
	// admitted.
	Refusal *Refusal
	// Attack tells what the last document tries; nil if it says nothing of that.
	Attack *report.Attack
	// KnownFault tells why an attacker succeeds though nobody wants it: the
	// version of the program that has the fault, where it is known from, and what
	// to do meanwhile. Empty if that isn't so.
	KnownFault string
}

// A Refusal is the one refusal that counts.
type Refusal struct {
	// Policy is the name of the policy that must refuse
	// (container-signing/refused-by).
	Policy string
	// Because must match the reason that the API server passes on
	// (container-signing/because).
	Because *regexp.Regexp
	// Image is the image, as the manifest names it, that the reason must
	// blame (container-signing/refused-image); empty if any may be to blame.
	Image string
}

// A Document is one object to create or to update.
type Document struct {
	// Number is the document's place in its file, from 1.
	Number int
	Kind   Kind
	Object *unstructured.Unstructured
	// Updates is the index in Workload.Documents of the document that
	// described the same object before, and -1 if there is none.
	Updates int
	// AddsEphemeralContainers says that the document adds ephemeral
	// containers to a pod, which is asked of a subresource of the pod.
	AddsEphemeralContainers bool
	// Request says how the API server is asked.
	Request Request
}

// Last returns the document whose fate decides.
func (w Workload) Last() Document { return w.Documents[len(w.Documents)-1] }

// WithImages returns a copy of the workload in which each image of a container
// or a volume that references names is replaced by its reference. Images it
// doesn't name stay as they are.
func (w Workload) WithImages(references map[string]string) Workload {
	documents := make([]Document, len(w.Documents))
	for i, document := range w.Documents {
		document.Object = document.Object.DeepCopy()
		for _, container := range document.Kind.Containers(document.Object) {
			if reference, ok := references[container.Image()]; ok {
				container.SetImage(reference)
			}
		}
		for _, source := range document.Kind.imageVolumes(document.Object) {
			if reference, ok := references[text(source, "reference")]; ok {
				source["reference"] = reference
			}
		}
		documents[i] = document
	}
	w.Documents = documents
	return w
}

func (d Document) describe() string { return fmt.Sprintf("%s %q", d.Kind.Kind, d.Object.GetName()) }
