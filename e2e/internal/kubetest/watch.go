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
	told, _ := strconv.Atoi(query.Get("resourceVersion")) // 0 for all
	s.mu.Lock()
	stream, forgotten := s.streams, s.forgotten
	s.watched[at.resource]++
	s.tell()
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	events := json.NewEncoder(w)
	send := func(kind string, object any) bool {
		err := events.Encode(map[string]any{"type": kind, "object": object})
		w.(http.Flusher).Flush()
		return err == nil
	}
	w.(http.Flusher).Flush()
	if told < forgotten {
		gone := apierrors.NewResourceExpired("too old resource version").Status()
		gone.TypeMeta = metav1.TypeMeta{Kind: "Status", APIVersion: "v1"}
		send("ERROR", gone)
		return
	}
	for {
		s.mu.Lock()
		news, changes, broken := s.news, s.changes, s.streams != stream
		s.mu.Unlock()
		for _, c := range changes {
			if c.version <= told || broken {
				continue
			}
			told = c.version
			if at.holds(c.place) && selected(query, c.object) && !send(c.kind, c.object.Object) {
				return
			}
		}
		if broken {
			return
		}
		select {
		case <-news:
		case <-r.Context().Done():
			return
		}
	}
}
