package main_test

import (
	"os"
	"slices"
	"testing"
)

// TestCopy copies signed images only, and adds to what is there already.
func TestCopy(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	state := s.push()
	own, other := newIdentity(t, s.in("own"), "EC-256"), newIdentity(t, s.in("other"), "EC-384")
	from, to := busybox(s.ci, ""), s.production+"/team/app:1"
	output := s.in("copied.json")

	s.fail(s.command([]string{"copy", "--from", from, "--to", to, "--output", output}),
		`copying image "`+s.ci+"/busybox@sha256:", "it has no signature", "sign it first")
	if _, err := os.Stat(output); err == nil {
		t.Error("a copy that wasn't made is in --output")
	}
	s.succeed(s.signing(own, "--image", from))
	s.do("copy", "--from", from, "--to", to)
	s.succeed(s.signing(other, "--image", to))
	s.do("copy", "--from", from, "--to", to, "--output", output)
	written, source, target := readJSON[[]signedImage](t, output), s.signatures(from), s.signatures(to)
	if len(written) != 1 {
		t.Fatalf("written are %+v, not one image", written)
	}
	copied := written[0]
	if len(target) != 2 || len(source) != 1 || !slices.Contains(target, source[0]) {
		t.Errorf("the signatures are %v, and at the source %v", target, source)
	}
	if !slices.Equal(copied.Signatures, source) || copied.Reference != s.production+"/team/app@"+copied.Digest {
		t.Errorf("written is %+v", copied)
	}
	s.do("copy", "--from", from, "--to", s.in("layout")+":1")
	s.do("copy", "--from", s.in("layout")+":1", "--to", s.production+"/by-way/app:1")
	if carried := s.signatures(s.production + "/by-way/app:1"); !slices.Equal(carried, source) {
		t.Errorf("by way of a layout the signatures are %v, and at the source %v", carried, source)
	}
	s.do("copy", "--from", s.in("layout"), "--to", s.production+"/by-way/app:2")
	if carried := s.signatures(s.production + "/by-way/app:2"); !slices.Equal(carried, source) {
		t.Errorf("as the only image of a layout it has the signatures %v, and at the source %v", carried, source)
	}
	s.fail(s.command([]string{"copy", "--from", s.ci + "/busybox:missing", "--to", to}),
		`resolving image "`+s.ci+`/busybox:missing"`, "not found")
	nowhere := freeAddress(t)
	s.fail(s.command([]string{"copy", "--from", from, "--to", nowhere + "/app:1"}), " to \""+nowhere+`/app:1"`,
		"connection refused")

	// Production isn't empty any more.
	s.fail(s.command([]string{"promote", "--ci-registry", s.ci, "--production-registry", s.production,
		"--state", state}),
		"the production registry "+s.production+" isn't empty", "it holds by-way/app, team/app", "give an empty one")
}

// TestPush pushes an image that isn't there, and to a registry that isn't.
func TestPush(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	state := s.in("state.json")
	s.fail(s.command([]string{"push", "--ci-registry", s.ci, "--image", s.ci + "/app:1", "--state", state}),
		`copying image "`+s.ci+`/app:1"`, "oras cp ", "not found")
	nowhere := freeAddress(t)
	s.fail(s.command([]string{"push", "--ci-registry", nowhere, "--state", state}),
		` to "`+nowhere+`/busybox:u-root"`, "connection refused")
	if _, err := os.Stat(state); err == nil {
		t.Error("there is a state of what wasn't pushed")
	}
}
