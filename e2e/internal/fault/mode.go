package fault

import (
	"bytes"
	"crypto/tls"
	"io"
	"net/http"
	"strings"
	"time"
)

// A Mode is how a [Front] answers.
type Mode struct {
	// answer answers a request; nil means that connections are refused.
	answer func(visit, http.ResponseWriter, *http.Request)
	// meant picks the requests that it answers; nil means all. The registry
	// answers the others.
	meant func(*http.Request) bool
	tls   *tls.Config // nil for plain HTTP
}

// A visit is what an answer is given with.
type visit struct {
	behind http.Handler
	over   <-chan struct{} // the mode has ended
}

// pause waits for a time, and tells whether the one who asks is still there
// then, and the mode goes on.
func (v visit) pause(r *http.Request, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-r.Context().Done():
	case <-v.over:
	}
	return false
}

// Passing hands all on.
func Passing() Mode {
	return Mode{answer: func(v visit, w http.ResponseWriter, r *http.Request) { v.behind.ServeHTTP(w, r) }}
}

// Refusing refuses connections.
func Refusing() Mode { return Mode{} }

// Silent accepts connections and requests, and never answers.
func Silent() Mode {
	return Mode{answer: func(v visit, _ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-v.over:
		}
		panic(http.ErrAbortHandler) // not even an empty answer
	}}
}

// Slow hands on only after a time.
func Slow(d time.Duration) Mode {
	return Mode{answer: func(v visit, w http.ResponseWriter, r *http.Request) {
		if !v.pause(r, d) {
			panic(http.ErrAbortHandler)
		}
		v.behind.ServeHTTP(w, r)
	}}
}

// Status answers with a status, as registries do: in JSON.
func Status(code int) Mode {
	return Mode{answer: func(_ visit, w http.ResponseWriter, _ *http.Request) {
		name := "UNAVAILABLE"
		switch code {
		case http.StatusUnauthorized:
			name = "UNAUTHORIZED"
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
		case http.StatusTooManyRequests:
			name = "TOOMANYREQUESTS"
			w.Header().Set("Retry-After", "60")
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = io.WriteString(w, `{"errors":[{"code":"`+name+`","message":"the registry has a fault"}]}`)
	}}
}

// HTML answers all with a page, as the portal of a network does.
func HTML() Mode {
	return Mode{answer: func(_ visit, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = io.WriteString(w, "<!doctype html><title>Welcome</title><p>Please log in to use this network.")
	}}
}

// Endless begins a manifest and never ends it, a megabyte in a second.
func Endless() Mode {
	return Mode{answer: func(v visit, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		out, spaces := http.NewResponseController(w), bytes.Repeat([]byte(" "), 100<<10)
		_, err := io.WriteString(w, `{"schemaVersion":2,`)
		for err == nil && v.pause(r, 100*time.Millisecond) {
			if _, err = w.Write(spaces); err == nil {
				err = out.Flush()
			}
		}
		panic(http.ErrAbortHandler)
	}}
}

// Encrypted speaks TLS where plain HTTP is expected.
func Encrypted(certificate tls.Certificate) Mode {
	mode := Passing()
	mode.tls = &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}}
	return mode
}

// WithoutReferrers answers with status 500 who asks for the signatures of an
// image, in either way that registries keep them
// (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers).
func WithoutReferrers() Mode {
	mode := Status(http.StatusInternalServerError)
	mode.meant = func(r *http.Request) bool {
		return strings.Contains(r.URL.Path, "/referrers/") || strings.Contains(r.URL.Path, "/manifests/sha256-")
	}
	return mode
}
