package reference

import "testing"

func TestReference(t *testing.T) {
	for reference, want := range map[string]struct {
		host, name, port, tag string
		loopback              bool
	}{
		"localhost:5002/app:1.0":            {"localhost:5002", "localhost", "5002", "1.0", true},
		"localhost/app":                     {"localhost", "localhost", "80", "latest", true},
		"127.0.0.1:5001/a/b@sha256:00":      {"127.0.0.1:5001", "127.0.0.1", "5001", "latest", true},
		"127.0.0.1:5001/a/b:2@sha256:00":    {"127.0.0.1:5001", "127.0.0.1", "5001", "2", true},
		"[::1]:5001/a:3":                    {"[::1]:5001", "::1", "5001", "3", true},
		"[::1]/a:3":                         {"[::1]", "::1", "80", "3", true},
		"ci:5000/app:latest":                {"ci:5000", "ci", "5000", "latest", false},
		"registry.example.com/app":          {"registry.example.com", "registry.example.com", "80", "latest", false},
		"localhost.example.com:5000/app:1":  {"localhost.example.com:5000", "localhost.example.com", "5000", "1", false},
		"registry.example.com/localhost:80": {"registry.example.com", "registry.example.com", "80", "80", false},
	} {
		if Host(reference) != want.host || Name(reference) != want.name || Port(reference) != want.port ||
			Tag(reference) != want.tag || OnLoopback(reference) != want.loopback {
			t.Errorf("%s: got %s, %s, %s, %s, %v", reference,
				Host(reference), Name(reference), Port(reference), Tag(reference), OnLoopback(reference))
		}
	}
}

func TestBelow(t *testing.T) {
	for _, reference := range []string{"localhost:5002/team/app:1.0", "localhost:5002/app:1.0", "ci/app:1.0@sha256:00"} {
		for _, folder := range []string{"production:5000/release", "production:5000/release/"} {
			if got := Below(folder, reference); got != "production:5000/release/app:1.0" {
				t.Errorf("%s below %s is %s", reference, folder, got)
			}
		}
	}
	if got := Below("production", "ci/app@sha256:00"); got != "production/app" {
		t.Errorf("got %s", got)
	}
}
