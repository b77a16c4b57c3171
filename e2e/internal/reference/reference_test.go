package reference

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"container-signing/internal/hint"
)

const zeros = "sha256:0000000000000000000000000000000000000000000000000000000000000000"

func TestParse(t *testing.T) {
	for text, want := range map[string]Reference{
		"busybox":                       {Registry: "docker.io", Repository: "library/busybox", Tag: "latest"},
		"team/app:1":                    {Registry: "docker.io", Repository: "team/app", Tag: "1"},
		"registry.example.com/a/b:1.0":  {Registry: "registry.example.com", Repository: "a/b", Tag: "1.0"},
		"registry.example.com:5000/app": {Registry: "registry.example.com:5000", Repository: "app", Tag: "latest"},
		"r.test/app@" + zeros:           {Registry: "r.test", Repository: "app", Digest: zeros},
		"r.test/app:1@" + zeros:         {Registry: "r.test", Repository: "app", Tag: "1", Digest: zeros},
		"localhost/app":                 {Registry: "localhost", Repository: "app", Tag: "latest", PlainHTTP: true},
		"localhost:5000/app:1":          {Registry: "localhost:5000", Repository: "app", Tag: "1", PlainHTTP: true},
		"127.0.0.1:5000/app:1":          {Registry: "127.0.0.1:5000", Repository: "app", Tag: "1", PlainHTTP: true},
		"127.8.8.8/app:1":               {Registry: "127.8.8.8", Repository: "app", Tag: "1", PlainHTTP: true},
		"[::1]/app:1":                   {Registry: "[::1]", Repository: "app", Tag: "1", PlainHTTP: true},
		"[::1]:5000/app:1":              {Registry: "[::1]:5000", Repository: "app", Tag: "1", PlainHTTP: true},
		"[2001:db8::1]:5000/app:1":      {Registry: "[2001:db8::1]:5000", Repository: "app", Tag: "1"},
		"localhost.example.com/app:1":   {Registry: "localhost.example.com", Repository: "app", Tag: "1"},
		"127.0.0.1.example.com/app:1":   {Registry: "127.0.0.1.example.com", Repository: "app", Tag: "1"},
	} {
		got, err := Parse(text)
		if err != nil || got != want {
			t.Errorf("%s is %+v, not %+v (%v)", text, got, want, err)
		}
		if again, err := Parse(got.String()); err != nil || again != got {
			t.Errorf("%s, written as %s, is %+v (%v)", text, got, again, err)
		}
	}
}

// TestParseHostile reads what isn't the name of an image, or looks like that of
// another one.
func TestParseHostile(t *testing.T) {
	for _, text := range []string{
		"", " ", ":", "/", "app:1:2", "App:1", "registry.example.com/App", "registry.example.com//app",
		"registry.example.com/a/../b",
		"https://registry.example.com/app", "user:password@registry.example.com/app",
		"registry.example.com/app@sha256:1",
		"registry.example.com/app@md5:00000000000000000000000000000000", "registry.example.com/app:",
		"registry.example.com:/", "--flag",
		"registry.example.com/app:1 ", "registry.example.com/app:1\n", "registry.example.com/app:1\x00",
		"regi\u200bstry.example.com/app",
		"registry.example.com:port/app", "[::1/app", "./app:1", "/app",
	} {
		if got, err := Parse(text); err == nil {
			t.Errorf("%q is taken for %+v", text, got)
		} else if !strings.Contains(hint.Text(err), "registry.example.com/app:1.0") {
			t.Errorf("%q: no advice: %v", text, err)
		}
	}
}

func TestByDigest(t *testing.T) {
	image := Reference{Registry: "r.test", Repository: "a/b", Tag: "1", PlainHTTP: true}
	pinned := image.ByDigest(zeros)
	if pinned.String() != "r.test/a/b@"+zeros || !pinned.PlainHTTP {
		t.Errorf("by its digest it is %+v", pinned)
	}
	if image.Tag != "1" {
		t.Error("the reference itself has changed")
	}
}

// TestLayout finds images in a folder whose name has a colon.
func TestLayout(t *testing.T) {
	dir := t.TempDir()
	layout := filepath.Join(dir, "app:1", "image")
	writeLayout(t, layout, "1.0")
	for text, want := range map[string]string{layout: "", layout + ":1.0": "1.0", layout + "@" + zeros: ""} {
		parsed, err := ParseLayout(text)
		if !IsLayout(text) || err != nil || parsed.Layout != layout || parsed.Tag != want || parsed.String() != text ||
			!parsed.InLayout() {
			t.Errorf("%s: %+v (%v)", text, parsed, err)
		}
	}
	for _, text := range []string{dir, "busybox", "busybox:1.36", "localhost:5000/busybox",
		"localhost:5000/busybox@" + zeros, ""} {
		if IsLayout(text) {
			t.Errorf("%q is taken for a layout", text)
		}
	}
	if _, err := ParseLayout(layout + "@sha256:1"); err == nil || !strings.Contains(err.Error(), "sha256:1") {
		t.Errorf("a broken digest: %v", err)
	}
}

func TestOnly(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	writeLayout(t, in("one"), "1.0")
	writeLayout(t, in("two"), "b", "a")
	writeLayout(t, in("none"))
	if err := os.MkdirAll(in("prose"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(in("prose/index.json"), []byte("Dear oras,"), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{in("one"): in("one") + ":1.0", in("two") + ":b": in("two") + ":b"} {
		parsed, err := ParseLayout(text)
		if err != nil {
			t.Fatal(err)
		}
		if only, err := parsed.Only(); err != nil || only.String() != want {
			t.Errorf("%s is %s, not %s (%v)", text, only, want, err)
		}
	}
	for name, words := range map[string]string{
		"two":     "there are a, b\nhint: name one, as " + in("two") + ":a",
		"none":    "none has a tag\nhint: name it by its digest",
		"prose":   "reading index.json",
		"nowhere": "no such file or directory\nhint: give the folder of an OCI image layout",
	} {
		if only, err := (Reference{Layout: in(name)}).Only(); err == nil || !strings.Contains(hint.Text(err), words) {
			t.Errorf("%s: %s, %v", name, only, err)
		}
	}
}

func writeLayout(t *testing.T, folder string, tags ...string) {
	t.Helper()
	var manifests []string
	for _, tag := range tags {
		manifests = append(manifests, `{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"`+zeros+
			`","size":2,"annotations":{"org.opencontainers.image.ref.name":"`+tag+`"}}`)
	}
	for name, content := range map[string]string{
		"oci-layout": `{"imageLayoutVersion":"1.0.0"}`,
		"index.json": `{"schemaVersion":2,"manifests":[` + strings.Join(manifests, ",") + `]}`,
	} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
