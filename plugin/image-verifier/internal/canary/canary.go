// Package canary serves an image that nobody has signed, which a node's image
// verifier has to refuse.
package canary

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

const (
	repository = "container-signing/canary"
	tag        = "unsigned"
)

// A Canary is served until it is closed.
type Canary struct {
	// Reference names it. containerd takes a registry on loopback for one that
	// speaks plain HTTP.
	Reference string
	server    *http.Server
}

// Serve serves a canary on a port of loopback that is free. Its content is a new
// one each time: a node can't have it already, and no other image on the node is
// the same.
func Serve() (*Canary, error) {
	content, err := newContent()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serving the canary: %w", err)
	}
	c := &Canary{
		Reference: fmt.Sprintf("%s/%s:%s", listener.Addr(), repository, tag), server: &http.Server{Handler: content},
	}
	go func() { _ = c.server.Serve(listener) }() // until it is closed
	return c, nil
}

// Close ends the server.
func (c *Canary) Close() error { return c.server.Close() }

// A blob is what a registry has at a path.
type blob struct {
	mediaType string
	content   []byte
}

// content is what there is, by the paths of the distribution specification.
type content map[string]blob

// newContent makes an image of one layer without files.
func newContent() (content, error) {
	layer := make([]byte, 1024) // two blocks of zeros end an archive (tar(5))
	config, err := json.Marshal(ocispec.Image{
		Platform: ocispec.Platform{OS: "linux", Architecture: runtime.GOARCH},
		Config:   ocispec.ImageConfig{Labels: map[string]string{"canary": rand.Text()}},
		RootFS:   ocispec.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromBytes(layer)}},
	})
	if err != nil {
		return nil, fmt.Errorf("making the canary: %w", err)
	}
	all := content{}
	manifest, err := json.Marshal(ocispec.Manifest{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageManifest,
		Config: all.add("blobs", ocispec.MediaTypeImageConfig, config),
		Layers: []ocispec.Descriptor{all.add("blobs", ocispec.MediaTypeImageLayer, layer)},
	})
	if err != nil {
		return nil, fmt.Errorf("making the canary: %w", err)
	}
	all.add("manifests", ocispec.MediaTypeImageManifest, manifest)
	all["manifests/"+tag] = blob{ocispec.MediaTypeImageManifest, manifest}
	return all, nil
}

func (c content) add(kind, mediaType string, bytes []byte) ocispec.Descriptor {
	sum := digest.FromBytes(bytes)
	c[kind+"/"+sum.String()] = blob{mediaType, bytes}
	return ocispec.Descriptor{MediaType: mediaType, Digest: sum, Size: int64(len(bytes))}
}

// ServeHTTP answers as a registry that can be read. Among the rest that it
// doesn't have are signatures.
func (c content) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/v2/" {
		return
	}
	found, ok := c[strings.TrimPrefix(r.URL.Path, "/v2/"+repository+"/")]
	if !ok || r.Method != http.MethodGet && r.Method != http.MethodHead {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", found.mediaType)
	w.Header().Set("Content-Length", fmt.Sprint(len(found.content)))
	w.Header().Set("Docker-Content-Digest", digest.FromBytes(found.content).String())
	_, _ = w.Write(found.content) // who asks sees whether it arrives
}
