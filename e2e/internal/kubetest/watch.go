package kubetest

import (
	"encoding/json"
	"net/http"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// list answers with the objects that are there.
func (s *Server) list(w http.ResponseWriter, r *http.Request, at place) {
	s.mu.Lock()
	items := []any{}
	for where, object := range s.objects {
		if at.holds(where) && selected(r.URL.Query(), object) {
			items = append(items, object.Object)
		}
	}
	version := strconv.Itoa(s.version)
	s.mu.Unlock()
	kind := kinds()[at.resource]
	reply(w, http.StatusOK, map[string]any{
		"kind": kind.Kind + "List", "apiVersion": kind.GroupVersion().String(),
		"metadata": map[string]any{"resourceVersion": version}, "items": items,
	})
}

// watch tells of changes until the client has gone or the watch is broken off.
func (s *Server) watch(w http.ResponseWriter, r *http.Request, at place) {
	query := r.URL.Query()
	if query.Get("sendInitialEvents") != "" {
		// Clients list and watch then, as with API servers before 1.34.
		fail(w, apierrors.NewBadRequest("sendInitialEvents isn't served"))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	send := func(kind string, object any) error {
		err := json.NewEncoder(w).Encode(map[string]any{"type": kind, "object": object})
		w.(http.Flusher).Flush()
		return err
	}
	w.(http.Flusher).Flush()
	version, _ := strconv.Atoi(query.Get("resourceVersion")) // 0 for all changes
	stream, forgotten := s.begin(at)
	if version < forgotten {
		gone := apierrors.NewResourceExpired("too old resource version").Status()
		gone.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
		_ = send("ERROR", gone) // a client that is gone needs none
		return
	}
	for told := 0; ; {
		s.mu.Lock()
		news, changes, broken := s.news, s.changes[told:], s.streams != stream
		s.mu.Unlock()
		if broken {
			return
		}
		for _, c := range changes {
			wanted := c.version > version && at.holds(c.place) && selected(query, c.object)
			if wanted && send(c.kind, c.object.Object) != nil {
				return
			}
		}
		told += len(changes)
		select {
		case <-news:
		case <-r.Context().Done():
			return
		}
	}
}

// begin counts a watch. It returns which watches it ends with, and the last
// version of which the server can't tell.
func (s *Server) begin(at place) (stream, forgotten int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watched[at.resource]++
	s.tell()
	return s.streams, s.forgotten
}
