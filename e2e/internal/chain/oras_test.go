package chain

import (
	"os"
	"path/filepath"
	"testing"
)

func TestLayout(t *testing.T) {
	dir := t.TempDir()
	layout := filepath.Join(dir, "app:1", "image") // a colon in a folder's name is no tag
	if err := os.MkdirAll(layout, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(layout, "oci-layout"), []byte(`{"imageLayoutVersion":"1.0.0"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	const digest = "@sha256:0000000000000000000000000000000000000000000000000000000000000000"
	for reference, want := range map[string]bool{
		layout: true, layout + ":1.0": true, layout + digest: true,
		dir: false, "busybox": false, "busybox:1.36": false, "localhost:5000/busybox": false, "localhost:5000/busybox" + digest: false, "": false,
	} {
		if IsLayout(reference) != want {
			t.Errorf("IsLayout(%q) is %v", reference, !want)
		}
		if want && LayoutFolder(reference) != layout {
			t.Errorf("LayoutFolder(%q) is %q", reference, LayoutFolder(reference))
		}
	}
}

func TestByDigest(t *testing.T) {
	const digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
	for reference, want := range map[string]string{
		"localhost:5000/a/b:1.0": "localhost:5000/a/b", "localhost:5000/a/b": "localhost:5000/a/b",
		"docker.io/library/b:1": "docker.io/library/b", "r.test/b@sha256:1111": "r.test/b", "r.test/b:1@sha256:1111": "r.test/b",
	} {
		if got := ByDigest(reference, digest); got != want+"@"+digest {
			t.Errorf("ByDigest(%q) is %q", reference, got)
		}
	}
}
