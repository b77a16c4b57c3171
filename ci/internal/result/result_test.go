package result

import "testing"

func TestImages(t *testing.T) {
	images, err := Images(
		`[{"reference": "a/b@sha256:1", "digest": "sha256:1", "signatures": ["sha256:2", "sha256:3"]}]`,
		1,
	)
	if err != nil || len(images) != 1 {
		t.Fatalf("%+v, %v", images, err)
	}
	if one := images[0]; one.Reference != "a/b@sha256:1" || one.Digest != "sha256:1" || len(one.Signatures) != 2 {
		t.Errorf("%+v", one)
	}
	for _, content := range []string{
		"", "{}", "[]",
		`[{"reference": "a", "digest": "b", "signatures": ["c"]},
		  {"reference": "a", "digest": "b", "signatures": ["c"]}]`,
		`[{"reference": "a", "digest": "b", "signatures": []}]`,
		`[{"reference": "a", "signatures": ["c"]}]`, `[{"digest": "b", "signatures": ["c"]}]`,
	} {
		if images, err := Images(content, 1); err == nil {
			t.Errorf("%q is read as %+v", content, images)
		}
	}
}

func TestPushed(t *testing.T) {
	image, err := Pushed(`{"repository": "busybox", "tag": "u-root", "demonstration": true}`, "127.0.0.1:5002")
	if err != nil || image != "127.0.0.1:5002/busybox:u-root" {
		t.Errorf("%q, %v", image, err)
	}
	for _, content := range []string{"", "[]", "{}", `{"repository": "busybox"}`, `{"tag": "u-root"}`} {
		if image, err := Pushed(content, "127.0.0.1:5002"); err == nil {
			t.Errorf("%q is read as %q", content, image)
		}
	}
}
