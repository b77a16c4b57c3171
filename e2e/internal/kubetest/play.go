package kubetest

import (
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

// Put creates or changes an object, as a controller or a node does.
func (s *Server) Put(t testing.TB, object runtime.Object) {
	t.Helper()
	kinds, _, err := scheme.Scheme.ObjectKinds(object)
	if err != nil {
		t.Fatal(err)
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		t.Fatal(err)
	}
	whole := &unstructured.Unstructured{Object: fields}
	whole.SetGroupVersionKind(kinds[0])
	resource, _ := meta.UnsafeGuessKindToResource(kinds[0])
	s.put(place{resource.Resource, whole.GetNamespace(), whole.GetName()}, whole)
}

// Delete deletes an object.
func (s *Server) Delete(t testing.TB, resource, namespace, name string) {
	t.Helper()
	at := place{resource, namespace, name}
	s.mu.Lock()
	defer s.mu.Unlock()
	object := s.objects[at]
	if object == nil {
		t.Fatalf("deleting %s: it isn't there", at)
	}
	s.record("DELETED", at, object)
}

// Has tells whether an object is there.
func (s *Server) Has(resource, namespace, name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.objects[place{resource, namespace, name}] != nil
}

// AwaitWatch returns when a resource has been watched as often as that.
func (s *Server) AwaitWatch(t testing.TB, resource string, times int) {
	t.Helper()
	for {
		s.mu.Lock()
		watched, news := s.watched[resource], s.news
		s.mu.Unlock()
		if watched >= times {
			return
		}
		select {
		case <-news:
		case <-t.Context().Done():
			t.Fatalf("%s were watched %d times, not %d", resource, watched, times)
		}
	}
}

// Break ends all watches, as the API server does after some minutes.
func (s *Server) Break() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams++
	s.tell()
}

// Forget makes the server unable to tell of the changes until now, as it is
// after a compaction of etcd, and ends all watches.
func (s *Server) Forget() {
	s.mu.Lock()
	s.version++
	s.forgotten = s.version
	s.mu.Unlock()
	s.Break()
}

// Deny answers each request for a resource with an error; nil answers again.
func (s *Server) Deny(resource string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied[resource] = err
}

// OnWrite calls admit before an object is written, which its error prevents,
// and react after that. Either may be nil. It has to be called before the
// server is used.
func (s *Server) OnWrite(admit func(*unstructured.Unstructured) error, react func(*unstructured.Unstructured)) {
	if admit != nil {
		s.admit = admit
	}
	if react != nil {
		s.react = react
	}
}
