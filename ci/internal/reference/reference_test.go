package reference

import (
	"strings"
	"testing"
)

const digest = "sha256:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"

func parse(t *testing.T, text string) Image {
	t.Helper()
	image, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func TestReference(t *testing.T) {
	for text, want := range map[string]struct {
		registry, host, port, tag string
		loopback                  bool
	}{
		"localhost:5002/app:1.0":            {"localhost:5002", "localhost", "5002", "1.0", true},
		"localhost/app":                     {"localhost", "localhost", "80", "latest", true},
		"127.0.0.1:5001/a/b@" + digest:      {"127.0.0.1:5001", "127.0.0.1", "5001", "latest", true},
		"127.0.0.1:5001/a/b:2@" + digest:    {"127.0.0.1:5001", "127.0.0.1", "5001", "2", true},
		"127.9.9.9/a":                       {"127.9.9.9", "127.9.9.9", "80", "latest", true},
		"[::1]:5001/a:3":                    {"[::1]:5001", "::1", "5001", "3", true},
		"[::1]/a:3":                         {"[::1]", "::1", "80", "3", true},
		"[2001:db8::1]:5001/a":              {"[2001:db8::1]:5001", "2001:db8::1", "5001", "latest", false},
		"ci:5000/app:latest":                {"ci:5000", "ci", "5000", "latest", false},
		"registry.example.com/app":          {"registry.example.com", "registry.example.com", "80", "latest", false},
		"localhost.example.com:50/app:1":    {"localhost.example.com:50", "localhost.example.com", "50", "1", false},
		"registry.example.com/localhost:80": {"registry.example.com", "registry.example.com", "80", "80", false},
		// As docker reads them.
		"busybox":        {"docker.io", "docker.io", "80", "latest", false},
		"busybox:1":      {"docker.io", "docker.io", "80", "1", false},
		"team/busybox":   {"docker.io", "docker.io", "80", "latest", false},
		"localhost:80/a": {"localhost:80", "localhost", "80", "latest", true},
	} {
		image := parse(t, text)
		registry := image.Registry()
		if string(registry) != want.registry || registry.Host() != want.host || registry.Port() != want.port ||
			image.Tag() != want.tag || registry.OnLoopback() != want.loopback {
			t.Errorf("%s: got %s, %s, %s, %s, %v",
				text, registry, registry.Host(), registry.Port(), image.Tag(), registry.OnLoopback())
		}
	}
}

// TestString makes sure that tools which know no short names get long ones.
func TestString(t *testing.T) {
	for text, want := range map[string]string{
		"busybox":                         "docker.io/library/busybox:latest",
		"team/app:1":                      "docker.io/team/app:1",
		"localhost:5002/app":              "localhost:5002/app:latest",
		"localhost:5002/app@" + digest:    "localhost:5002/app@" + digest,
		"localhost:5002/app:1@" + digest:  "localhost:5002/app:1@" + digest,
		"index.docker.io/library/busybox": "docker.io/library/busybox:latest",
	} {
		if got := parse(t, text).String(); got != want {
			t.Errorf("%s is %s, not %s", text, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", " ", "/", "localhost:5002/", "localhost:5002/App", "localhost:5002/app:", "localhost:5002/app@sha256:00",
		"localhost:5002/app:1:2", "http://localhost:5002/app",
		"localhost:5002/app --plain-http", "--plain-http", "localhost:5002/../app", "a\x00b",
	} {
		if image, err := Parse(text); err == nil || !strings.Contains(err.Error(), "reading image ") {
			t.Errorf("%q is read as %s, error %v", text, image.named, err)
		}
	}
	if _, err := ParseAll([]string{"localhost:5002/app", "localhost:5002/App"}); err == nil {
		t.Error("a wrong reference among others is taken")
	}
}

func TestParseRegistry(t *testing.T) {
	known := []string{"127.0.0.1:5001", "localhost", "[::1]:5001", "registry.example.com", "production:5000"}
	for _, address := range known {
		if registry, err := ParseRegistry(address); err != nil || string(registry) != address {
			t.Errorf("%s: got %s, %v", address, registry, err)
		}
	}
	unknown := []string{"", "http://127.0.0.1:5001", "127.0.0.1:5001/team", "production", "local host:1", "a:b"}
	for _, address := range unknown {
		if registry, err := ParseRegistry(address); err == nil {
			t.Errorf("%q is read as %s", address, registry)
		}
	}
}

func TestBelow(t *testing.T) {
	for _, text := range []string{"localhost:5002/team/app:1.0", "localhost:5002/app:1.0", "ci/app:1.0@" + digest} {
		for _, folder := range []string{"production:5000/release", "production:5000/release/"} {
			if got := parse(t, text).Below(folder); got != "production:5000/release/app:1.0" {
				t.Errorf("%s below %s is %s", text, folder, got)
			}
		}
	}
	if got := parse(t, "ci/app@"+digest).Below("production"); got != "production/app" {
		t.Errorf("got %s", got)
	}
}
