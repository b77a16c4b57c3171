package oras

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"container-signing/e2e/internal/process"
	"container-signing/e2e/internal/reference"
	"container-signing/internal/hint"
)

// traced runs a program that does nothing in the place of oras, and returns the
// command that it was called with.
func traced(t *testing.T, make func(process.Tool) CLI, copy func(CLI) error) string {
	t.Helper()
	var commands []string
	trace := func(command string) { commands = append(commands, command) }
	err := copy(make(process.Tool{Path: "/bin/true", Trace: trace}))
	if err != nil || len(commands) != 1 {
		t.Fatalf("commands %q (%v)", commands, err)
	}
	return commands[0]
}

// TestTransport speaks plain HTTP with registries that do, and with no others.
func TestTransport(t *testing.T) {
	https := reference.Reference{Registry: "registry.example.com", Repository: "app", Tag: "1"}
	plain := reference.Reference{Registry: "127.0.0.1:5002", Repository: "app", Tag: "1", PlainHTTP: true}
	layout := reference.Reference{Layout: "./folder", Tag: "1"}
	cli := func(tool process.Tool) CLI { return CLI{tool} }
	for want, c := range map[string]struct{ from, to reference.Reference }{
		"cp --no-tty -r registry.example.com/app:1 registry.example.com/app:1":                       {https, https},
		"cp --no-tty -r --from-plain-http 127.0.0.1:5002/app:1 registry.example.com/app:1":           {plain, https},
		"cp --no-tty -r --to-plain-http registry.example.com/app:1 127.0.0.1:5002/app:1":             {https, plain},
		"cp --no-tty -r --from-oci-layout --to-plain-http ./folder:1 127.0.0.1:5002/app:1":           {layout, plain},
		"cp --no-tty -r --from-plain-http --to-oci-layout 127.0.0.1:5002/app:1 ./folder:1":           {plain, layout},
		"cp --no-tty -r --from-plain-http --to-plain-http 127.0.0.1:5002/app:1 127.0.0.1:5002/app:1": {plain, plain},
	} {
		got := traced(t, cli, func(c2 CLI) error { return c2.Copy(t.Context(), c.from, c.to) })
		if got != "/bin/true "+want {
			t.Errorf("the command is\n%s, not\n%s", got, want)
		}
	}
	got := traced(t, cli, func(c CLI) error { return c.CopyBare(t.Context(), plain, plain) })
	if strings.Contains(got, " -r ") {
		t.Errorf("a bare copy takes the signatures along: %s", got)
	}
}

// TestReading has the user's credentials and proxy only where the source is the
// user's registry.
func TestReading(t *testing.T) {
	for source, inherits := range map[reference.Reference]process.Inheritance{
		{Layout: "./folder", Tag: "1"}:                                   process.OfMachine,
		{Registry: "registry.example.com", Repository: "app", Tag: "1"}:  process.OfUserWithCredentials,
		{Registry: "127.0.0.1:5000", Repository: "app", PlainHTTP: true}: process.OfUserWithCredentials,
	} {
		cli := Reading(source, process.Tool{Path: "oras"}, "/of/the/run")
		if cli.Inherits != inherits {
			t.Errorf("%s: oras inherits %v, not %v", source, cli.Inherits, inherits)
		}
		if own := slices.Contains(cli.Env, "DOCKER_CONFIG=/of/the/run"); own != source.InLayout() {
			t.Errorf("%s: it has the run's own configuration: %v", source, own)
		}
	}
}

// TestWithoutHome says what to do where oras doesn't.
func TestWithoutHome(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oras")
	script := "#!/bin/sh\necho 'Error: failed to get user home directory: $HOME is not defined' >&2\nexit 1\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	image := reference.Reference{Registry: "p.test", Repository: "app", Tag: "1"}
	err := CLI{process.Tool{Path: path}}.Copy(t.Context(), image, image)
	if err == nil || !strings.Contains(hint.Text(err), "\nhint: set HOME, or name the folder") {
		t.Errorf("it says %v", err)
	}
}

// TestFailure names both sides, and hands the tool's words on.
func TestFailure(t *testing.T) {
	from := reference.Reference{Registry: "ci.test", Repository: "app", Tag: "1"}
	to := reference.Reference{Registry: "p.test", Repository: "app", Tag: "1"}
	cli := CLI{process.Tool{Path: "/bin/false"}}
	for what, err := range map[string]error{
		`copying image "ci.test/app:1" with its signatures to "p.test/app:1": `: cli.Copy(t.Context(), from, to),
		`copying image "ci.test/app:1" to "p.test/app:1": `:                     cli.CopyBare(t.Context(), from, to),
	} {
		if err == nil || !strings.HasPrefix(err.Error(), what) || !strings.Contains(err.Error(), "/bin/false cp ") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
