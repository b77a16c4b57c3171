package route

import (
	"slices"
	"strings"
	"testing"

	"dagger/container-signing/internal/reference"
)

func to(registry string, service bool) Route {
	return Route{Registry: reference.Registry(registry), Service: service, Alias: "registry"}
}

func TestRoute(t *testing.T) {
	for _, test := range []struct {
		route    Route
		hostname string
		led      bool
		insecure bool
		refused  bool
	}{
		{route: to("registry.example.com", false)},
		{route: Route{Registry: "registry.example.com", PlainHTTP: true}, insecure: true},
		{route: to("production:5000", true), hostname: "production"},
		{
			route:    Route{Registry: "production:5000", Service: true, PlainHTTP: true},
			hostname: "production", insecure: true,
		},
		{route: to("localhost:5002", true), hostname: "registry", led: true, insecure: true},
		{route: to("[::1]:5002", true), hostname: "registry", led: true, insecure: true},
		{route: to("[::1]", true), hostname: "registry", led: true, insecure: true},
		{route: to("localhost:5002", false), insecure: true, refused: true},
		{route: to("127.0.0.1:5002", false), insecure: true, refused: true},
		{route: to("localhost.example.com:5002", false)},
	} {
		err := test.route.Check()
		if (err != nil) != test.refused {
			t.Errorf("%+v: error %v", test.route, err)
		}
		insecure := slices.Equal(test.route.Insecure("--plain-http"), []string{"--plain-http"})
		if test.route.Hostname() != test.hostname || test.route.Led() != test.led || insecure != test.insecure {
			t.Errorf("%+v: bound as %q, led %v, insecure %v",
				test.route, test.route.Hostname(), test.route.Led(), insecure)
		}
	}
}

// TestLead makes sure that the port is opened where the image's name points.
func TestLead(t *testing.T) {
	for registry, want := range map[string]string{
		"localhost:5002": "127.0.0.1:5002=registry:5000",
		"localhost":      "127.0.0.1:80=registry:5000",
		"127.0.0.1:5001": "127.0.0.1:5001=registry:5000",
		"127.9.9.9:5001": "127.9.9.9:5001=registry:5000",
		"[::1]:5001":     "[::1]:5001=registry:5000",
		"[::1]":          "[::1]:80=registry:5000",
	} {
		if got := to(registry, true).Lead(5000); !slices.Equal(got, []string{"--lead", want}) {
			t.Errorf("%s: got %q", registry, got)
		}
	}
}

// TestCheckNamesFlag makes sure that the advice can be followed as it stands.
func TestCheckNamesFlag(t *testing.T) {
	for flag, advice := range map[string]string{
		"":              "\nhint: give it as a service too: --registry tcp://localhost:5002",
		"--to-registry": "\nhint: give it as a service too: --to-registry tcp://localhost:5002",
	} {
		err := Route{Registry: "localhost:5002", Flag: flag}.Check()
		if err == nil || !strings.HasSuffix(err.Error(), advice) {
			t.Errorf("%q: got %v", flag, err)
		}
	}
}

func TestForward(t *testing.T) {
	command := []string{"e2e", "sign"}
	if got := Forward(nil, command); !slices.Equal(got, command) {
		t.Errorf("without leads it is %q", got)
	}
	leads := slices.Concat(to("localhost:5002", true).Lead(5000), to("localhost", true).Lead(80))
	want := "e2e forward --lead 127.0.0.1:5002=registry:5000 --lead 127.0.0.1:80=registry:80 -- e2e sign"
	if got := strings.Join(Forward(leads, command), " "); got != want {
		t.Errorf("got %s", got)
	}
}

func TestDistinct(t *testing.T) {
	routes := []Route{to("a:1", true), to("b:1", false), to("a:1", true), to("a:2", true)}
	got := Distinct(routes, func(r Route) Route { return r })
	if !slices.Equal(got, []Route{routes[0], routes[1], routes[3]}) {
		t.Errorf("got %+v", got)
	}
	if routes[2].Registry != "a:1" {
		t.Error("the routes that it was given are changed")
	}
}
