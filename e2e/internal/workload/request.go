package workload

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
