package fault

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Trickling gives the registry's own answers a byte at a time.
func Trickling(d time.Duration) Mode {
	return changing(func(v visit, w http.ResponseWriter, r *http.Request, answer *kept) {
		w.WriteHeader(answer.code)
		out := http.NewResponseController(w)
		for i := range answer.body.Bytes() {
			if !v.pause(r, d) {
				panic(http.ErrAbortHandler)
			}
			if _, err := w.Write(answer.body.Bytes()[i : i+1]); err != nil || out.Flush() != nil {
				return
			}
		}
	})
}

// Truncated gives the first half of each of the registry's answers.
func Truncated() Mode {
	return changing(func(_ visit, w http.ResponseWriter, r *http.Request, answer *kept) {
		half := answer.body.Bytes()[:answer.body.Len()/2]
		if r.Method != http.MethodHead {
			w.Header().Set("Content-Length", strconv.Itoa(len(half)))
		}
		w.WriteHeader(answer.code)
		_, _ = w.Write(half)
	})
}

// WrongType calls all that the registry gives plain text.
func WrongType() Mode {
	return changing(func(_ visit, w http.ResponseWriter, _ *http.Request, answer *kept) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(answer.code)
		_, _ = w.Write(answer.body.Bytes())
	})
}

// Swapped gives the manifest with one digest for the one with another, which it
// says that it is.
func Swapped(wanted []string, given string) Mode {
	mode := changing(func(v visit, w http.ResponseWriter, r *http.Request, answer *kept) {
		at := strings.LastIndex(r.URL.Path, "/") + 1
		other := r.Clone(r.Context())
		other.URL.Path = r.URL.Path[:at] + given
		swapped := ask(v.behind, other)
		w.Header().Set("Content-Length", strconv.Itoa(swapped.body.Len()))
		if r.Method == http.MethodHead {
			w.Header().Set("Content-Length", swapped.header.Get("Content-Length"))
		}
		w.WriteHeader(answer.code)
		_, _ = w.Write(swapped.body.Bytes())
	})
	mode.meant = func(r *http.Request) bool {
		return slices.ContainsFunc(wanted, func(one string) bool {
			return strings.HasSuffix(r.URL.Path, "/manifests/"+one)
		})
	}
	return mode
}

// changing makes a mode that changes the registry's own answers. Their headers
// are set already.
func changing(
	change func(v visit, w http.ResponseWriter, r *http.Request, answer *kept),
) Mode {
	return Mode{answer: func(v visit, w http.ResponseWriter, r *http.Request) {
		answer := ask(v.behind, r)
		for name, values := range answer.header {
			w.Header()[name] = values
		}
		change(v, w, r, answer)
	}}
}

// A kept answer is written down instead of being sent.
type kept struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func ask(behind http.Handler, r *http.Request) *kept {
	answer := &kept{header: http.Header{}, code: http.StatusOK}
	behind.ServeHTTP(answer, r)
	return answer
}

func (k *kept) Header() http.Header            { return k.header }
func (k *kept) WriteHeader(code int)           { k.code = code }
func (k *kept) Write(part []byte) (int, error) { return k.body.Write(part) }
