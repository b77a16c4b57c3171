// Package kubetest is an API server for tests, in the memory of the test. It
// keeps objects and tells of their changes by the protocol of the real one,
// and fails as the real one can't be made to fail. It checks nothing, and no
// controllers or nodes act on its objects: a test does that in their place.
package kubetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// A Server is an API server. Its address is that of one test.
type Server struct {
	http  *httptest.Server
	admit func(*unstructured.Unstructured) error
	react func(*unstructured.Unstructured)

	mu        sync.Mutex
	version   int // of the last change
	forgotten int // the last version of which it can't tell any more
	objects   map[place]*unstructured.Unstructured
	changes   []change
	news      chan struct{} // closed when there is a change
	streams   int           // closed by a new number
	denied    map[string]error
	watched   map[string]int
}

// A change is what a watch tells of.
type change struct {
	version int
	kind    string // ADDED, MODIFIED or DELETED
	place   place
	object  *unstructured.Unstructured
}

// New starts a server that ends with the test.
func New(t testing.TB) *Server {
	t.Helper()
	s := &Server{
		objects: map[place]*unstructured.Unstructured{}, news: make(chan struct{}),
		denied: map[string]error{}, watched: map[string]int{},
		admit: func(*unstructured.Unstructured) error { return nil },
		react: func(*unstructured.Unstructured) {},
	}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(func() {
		s.Break()
		s.http.CloseClientConnections()
		s.http.Close()
	})
	return s
}

// Config connects to the server.
func (s *Server) Config() *rest.Config {
	return &rest.Config{Host: s.http.URL, QPS: -1, ContentConfig: rest.ContentConfig{ContentType: "application/json"}}
}

// Client is a client of the server.
func (s *Server) Client(t testing.TB) kubernetes.Interface {
	t.Helper()
	client, err := kubernetes.NewForConfig(s.Config())
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// serve answers one request.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	at := placeOf(r.URL.Path)
	s.mu.Lock()
	denied := s.denied[at.resource]
	s.mu.Unlock()
	if denied != nil {
		fail(w, denied)
		return
	}
	switch {
	case r.Method == http.MethodGet && r.URL.Query().Get("watch") != "":
		s.watch(w, r, at)
	case r.Method == http.MethodGet && at.name == "":
		s.list(w, r, at)
	case r.Method == http.MethodGet:
		s.get(w, at)
	case r.Method == http.MethodDelete:
		s.delete(w, at)
	default:
		s.write(w, r, at)
	}
}

func (s *Server) get(w http.ResponseWriter, at place) {
	s.mu.Lock()
	object := s.objects[at]
	s.mu.Unlock()
	if object == nil {
		fail(w, notFound(at))
		return
	}
	reply(w, http.StatusOK, object)
}

func (s *Server) delete(w http.ResponseWriter, at place) {
	s.mu.Lock()
	object := s.objects[at]
	if object != nil {
		s.record("DELETED", at, object)
	}
	s.mu.Unlock()
	if object == nil {
		fail(w, notFound(at))
		return
	}
	reply(w, http.StatusOK, object)
}

// write creates or patches an object.
func (s *Server) write(w http.ResponseWriter, r *http.Request, at place) {
	object := &unstructured.Unstructured{}
	if err := json.NewDecoder(r.Body).Decode(&object.Object); err != nil {
		fail(w, apierrors.NewBadRequest(err.Error()))
		return
	}
	var err error
	if r.Method == http.MethodPost {
		at, err = s.place(at, object)
	} else {
		object, err = s.patch(at, object)
	}
	if err == nil {
		err = s.admit(object)
	}
	if err != nil {
		fail(w, err)
		return
	}
	dry := r.URL.Query().Get("dryRun") != ""
	if !dry {
		s.put(at, object)
	}
	reply(w, http.StatusCreated, object)
	if !dry { // nobody else hears of it
		s.react(object)
	}
}

// place gives a new object its name and namespace.
func (s *Server) place(list place, object *unstructured.Unstructured) (place, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if object.GetName() == "" {
		object.SetName(object.GetGenerateName() + strconv.Itoa(s.version+1))
	}
	object.SetNamespace(list.namespace)
	at := place{list.resource, list.namespace, object.GetName()}
	if s.objects[at] != nil {
		return at, apierrors.NewAlreadyExists(at.group(), at.name)
	}
	return at, nil
}

// patch returns an object with a patch applied.
func (s *Server) patch(at place, patch *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.objects[at]
	if before == nil {
		return nil, notFound(at)
	}
	return &unstructured.Unstructured{Object: merged(before.Object, patch.Object)}, nil
}

// put keeps an object.
func (s *Server) put(at place, object *unstructured.Unstructured) {
	s.mu.Lock()
	defer s.mu.Unlock()
	kind := "MODIFIED"
	if s.objects[at] == nil {
		kind = "ADDED"
	}
	if object.GetUID() == "" {
		object.SetUID(types.UID("uid-" + strconv.Itoa(s.version+1)))
	}
	s.record(kind, at, object)
}

// record makes a change known. The server's mu is held.
func (s *Server) record(kind string, at place, object *unstructured.Unstructured) {
	s.version++
	object.SetResourceVersion(strconv.Itoa(s.version))
	object = object.DeepCopy()
	if kind == "DELETED" {
		delete(s.objects, at)
	} else {
		s.objects[at] = object
	}
	s.changes = append(s.changes, change{s.version, kind, at, object})
	s.tell()
}

// tell wakes all watches. The server's mu is held.
func (s *Server) tell() {
	close(s.news)
	s.news = make(chan struct{})
}

// merged is a JSON merge patch applied (RFC 7396).
func merged(before, patch map[string]any) map[string]any {
	after := runtime.DeepCopyJSON(before)
	for name, value := range patch {
		inner, isObject := value.(map[string]any)
		outer, wasObject := after[name].(map[string]any)
		switch {
		case value == nil:
			delete(after, name)
		case isObject && wasObject:
			after[name] = merged(outer, inner)
		default:
			after[name] = value
		}
	}
	return after
}

func reply(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A client that is gone needs no answer.
	_ = json.NewEncoder(w).Encode(value)
}

// fail answers with an error as the API words it.
func fail(w http.ResponseWriter, err error) {
	status, ok := err.(apierrors.APIStatus)
	if !ok {
		status = apierrors.NewInternalError(err)
	}
	body := status.Status()
	body.Kind, body.APIVersion = "Status", "v1"
	reply(w, int(body.Code), body)
}

func notFound(at place) error { return apierrors.NewNotFound(at.group(), at.name) }

// String names a place as its path does.
func (p place) String() string {
	return strings.Trim(fmt.Sprintf("%s/%s/%s", p.namespace, p.resource, p.name), "/")
}
