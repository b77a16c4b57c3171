package fault

import (
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

const manifestType = "application/vnd.oci.image.manifest.v1+json"

// A shelf is a registry with two manifests.
func shelf(w http.ResponseWriter, r *http.Request) {
	content := map[string]string{
		"/v2/image/manifests/tag":         `{"content":"signed"}`,
		"/v2/image/manifests/sha256:good": `{"content":"signed"}`,
		"/v2/image/manifests/sha256:bad":  `{"content":"unsigned, and longer"}`,
		"/v2/image/manifests/sha256-good": `{"content":"signatures"}`,
	}[r.URL.Path]
	w.Header().Set("Content-Type", manifestType)
	w.Header().Set("Docker-Content-Digest", "sha256:good")
	if _, err := io.WriteString(w, content); err != nil {
		panic(err)
	}
}

func open(t *testing.T) *Front {
	t.Helper()
	registry := httptest.NewServer(http.HandlerFunc(shelf))
	t.Cleanup(registry.Close)
	front, err := Open("127.0.0.1:0", registry.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := front.Close(); err != nil {
			t.Error(err)
		}
	})
	return front
}

// get asks the front, and gives up after a time.
func get(front *Front, path string, within time.Duration) (*http.Response, string, error) {
	client := http.Client{Timeout: within}
	response, err := client.Get("http://" + front.address + "/v2/image/manifests/" + path)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response, string(body), err
}

const long = 10 * time.Second

func TestFrontPasses(t *testing.T) {
	t.Parallel()
	front := open(t)
	for range 2 {
		response, body, err := get(front, "tag", long)
		if err != nil || body != `{"content":"signed"}` ||
			response.Header.Get("Docker-Content-Digest") != "sha256:good" {
			t.Errorf("%q %v", body, err)
		}
		// It is as it was after it has been otherwise.
		for _, mode := range []Mode{Refusing(), Silent(), Passing()} {
			if err := front.Set(mode); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestFrontModes asks a front in each mode that answers.
func TestFrontModes(t *testing.T) {
	t.Parallel()
	swapped := Swapped([]string{"tag"}, "sha256:bad")
	for name, one := range map[string]struct {
		mode   Mode
		path   string
		status int
		kind   string // of content
		body   string
	}{
		"401":               {Status(401), "tag", 401, "application/json", "the registry has a fault"},
		"429":               {Status(429), "tag", 429, "application/json", "the registry has a fault"},
		"503":               {Status(503), "tag", 503, "application/json", "the registry has a fault"},
		"page":              {HTML(), "tag", 200, "text/html; charset=utf-8", "<title>Welcome"},
		"half":              {Truncated(), "tag", 200, manifestType, `{"content"`},
		"plain text":        {WrongType(), "tag", 200, "text/plain", `{"content":"signed"}`},
		"another, by tag":   {swapped, "tag", 200, manifestType, "unsigned, and longer"},
		"not swapped":       {swapped, "sha256:good", 200, manifestType, `{"content":"signed"}`},
		"no signatures":     {WithoutReferrers(), "sha256-good", 500, "application/json", "the registry has a fault"},
		"but the image":     {WithoutReferrers(), "tag", 200, manifestType, `{"content":"signed"}`},
		"late":              {Slow(time.Millisecond), "tag", 200, manifestType, `{"content":"signed"}`},
		"a byte at a time":  {Trickling(time.Millisecond), "tag", 200, manifestType, `{"content":"signed"}`},
		"plain HTTP to TLS": {speaksTLS(t), "tag", 400, "", "HTTP request to an HTTPS server"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			front := open(t)
			if err := front.Set(one.mode); err != nil {
				t.Fatal(err)
			}
			if front.Hits() != 0 {
				t.Errorf("%d hits before anybody has asked", front.Hits())
			}
			response, body, err := get(front, one.path, long)
			if err != nil || response.StatusCode != one.status || !strings.Contains(body, one.body) ||
				response.Header.Get("Content-Type") != one.kind {
				t.Fatalf("%v %q: %v", response, body, err)
			}
			meant := one.mode.meant == nil || one.mode.meant(response.Request)
			if (front.Hits() > 0) != meant {
				t.Errorf("%d hits, of a request that is meant: %v", front.Hits(), meant)
			}
			if one.mode.meant == nil {
				return
			}
			digest := response.Header.Get("Docker-Content-Digest")
			if name == "another, by tag" && digest != "sha256:good" {
				t.Errorf("it says that it is %q", digest)
			}
		})
	}
}

func speaksTLS(t *testing.T) Mode {
	t.Helper()
	mode, err := encrypted()
	if err != nil {
		t.Fatal(err)
	}
	return mode
}

func TestFrontRefuses(t *testing.T) {
	t.Parallel()
	front := open(t)
	if err := front.Set(Refusing()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := get(front, "tag", long); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Error(err)
	}
}

// TestFrontHangs has those wait who ask, until they give up, or the mode is over.
func TestFrontHangs(t *testing.T) {
	t.Parallel()
	for name, mode := range map[string]Mode{"silent": Silent(), "endless": Endless(), "slow": Slow(time.Hour)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			front := open(t)
			if err := front.Set(mode); err != nil {
				t.Fatal(err)
			}
			if _, _, err := get(front, "tag", 300*time.Millisecond); err == nil {
				t.Error("it has answered")
			}
			if front.Hits() == 0 {
				t.Error("it wasn't met")
			}
			cut := make(chan error)
			go func() {
				_, _, err := get(front, "tag", time.Minute)
				cut <- err
			}()
			for hits := front.Hits(); front.Hits() == hits; { // until the second one is there
				time.Sleep(time.Millisecond)
			}
			if err := front.Set(Passing()); err != nil {
				t.Fatal(err)
			}
			if err := <-cut; err == nil {
				t.Error("who has waited for the mode to end was answered")
			}
		})
	}
}

func TestFrontEncrypts(t *testing.T) {
	t.Parallel()
	front := open(t)
	if err := front.Set(speaksTLS(t)); err != nil {
		t.Fatal(err)
	}
	client := http.Client{
		Timeout: long, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},
	}
	response, err := client.Get("https://" + front.address + "/v2/image/manifests/tag")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != `{"content":"signed"}` {
		t.Errorf("%q %v", body, err)
	}
	if front.Hits() == 0 {
		t.Error("it wasn't met")
	}
}

func TestFrontTakenAddress(t *testing.T) {
	t.Parallel()
	if _, err := Open(open(t).address, "127.0.0.1:1"); err == nil ||
		!strings.Contains(err.Error(), "address already in use") {
		t.Error(err)
	}
}

// TestFaultThatNobodyMeets is none: it is no proof that nothing was admitted
// meanwhile.
func TestFaultThatNobodyMeets(t *testing.T) {
	t.Parallel()
	front := open(t)
	if err := front.Set(Status(http.StatusInternalServerError)); err != nil {
		t.Fatal(err)
	}
	w := World{Front: front}
	if err := w.met(t.Context()); err == nil || !strings.Contains(err.Error(), "nobody has met the fault") {
		t.Error(err)
	}
	if _, _, err := get(front, "tag", long); err != nil {
		t.Fatal(err)
	}
	if err := w.met(t.Context()); err != nil {
		t.Error(err)
	}
}
