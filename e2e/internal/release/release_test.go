package release

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"container-signing/e2e/internal/notation"
	"container-signing/e2e/internal/oras"
	"container-signing/e2e/internal/process"
	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/registry/registrytest"
	"container-signing/e2e/internal/repository"
	"container-signing/internal/hint"
)

// program writes a shell script in the place of a tool. It notes each of its
// runs in a file beside it.
func program(t *testing.T, script string) (path, runs string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "tool")
	runs = path + ".runs"
	if err := os.WriteFile(path, []byte("#!/bin/sh\necho \"$@\" >> "+runs+"\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	return path, runs
}

// runsOf counts the runs of a program.
func runsOf(t *testing.T, runs string) int {
	t.Helper()
	content, err := os.ReadFile(runs)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return strings.Count(string(content), "\n")
}

func pushed(t *testing.T, registry, name string) reference.Reference {
	t.Helper()
	image, err := reference.Parse(registry + "/" + name)
	if err != nil {
		t.Fatal(err)
	}
	registrytest.Push(t, image.String(), registrytest.NewImage(t))
	return image
}

func newSigner(path string) *Signer {
	return &Signer{
		Notation: notation.CLI{Tool: process.Tool{Path: path}}, Reader: repository.Direct(),
		Step: func(_ string, sign func() error) error { return sign() },
	}
}

// TestSignAllLies doesn't believe a notation that says it has signed.
func TestSignAllLies(t *testing.T) {
	image := pushed(t, registrytest.Start(t), "app:1")
	path, runs := program(t, "echo Successfully signed")
	signed, err := newSigner(path).SignAll(t.Context(), []reference.Reference{image}, 1)
	if err == nil || !strings.Contains(err.Error(), "lists no new signature of it, though notation says") {
		t.Errorf("it says %v", err)
	}
	if len(signed) > 0 || runsOf(t, runs) != 1 {
		t.Errorf("%d runs, and signed are %v", runsOf(t, runs), signed)
	}
}

// TestSignAllGoesOn signs what can be signed, by its digest, and says of the
// others why not.
func TestSignAllGoesOn(t *testing.T) {
	registry := registrytest.Start(t)
	there := pushed(t, registry, "app:1")
	missing := there
	missing.Tag = "2"
	path, runs := program(t, "echo the HSM is out of order >&2; exit 3")
	signed, err := newSigner(path).SignAll(t.Context(), []reference.Reference{missing, there}, 2)
	for _, words := range []string{
		`resolving image "` + missing.String() + `"`, `signing image "` + registry + "/app@sha256:",
		"the HSM is out of order",
		"\n0 of 2 images are signed",
	} {
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("it doesn't say %q: %v", words, err)
		}
	}
	if len(signed) > 0 || runsOf(t, runs) != 1 {
		t.Errorf("%d runs, and signed are %v", runsOf(t, runs), signed)
	}
}

// TestSignAllAfterTheEnd signs nothing once it has been cancelled.
func TestSignAllAfterTheEnd(t *testing.T) {
	image := pushed(t, registrytest.Start(t), "app:1")
	path, runs := program(t, "")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancelled := errors.New("Ctrl-C")
	signer := newSigner(path)
	signer.Step = func(_ string, sign func() error) error {
		cancel(cancelled)
		return sign()
	}
	if _, err := signer.SignAll(ctx, []reference.Reference{image, image, image}, 1); err == nil {
		t.Error("there is no error")
	}
	if n := runsOf(t, runs); n > 0 {
		t.Errorf("notation has run %d times after the end", n)
	}
}

// TestCopyLies compares what an oras has done that does nothing.
func TestCopyLies(t *testing.T) {
	from := pushed(t, registrytest.Start(t), "app:1")
	to := from
	to.Registry = registrytest.Start(t)
	path, runs := program(t, "")
	cli := oras.CLI{Tool: process.Tool{Path: path}}
	_, err := Copy(t.Context(), cli, repository.Direct(), from, to)
	const advised = "it has no signature there\nhint: sign it first"
	if err == nil || !strings.Contains(hint.Text(err), advised) || runsOf(t, runs) > 0 {
		t.Errorf("an unsigned image, in %d runs: %v", runsOf(t, runs), err)
	}
	signature := registrytest.Attach(t, from.String(), registrytest.SignatureType, "mine")
	_, err = Copy(t.Context(), cli, repository.Direct(), from, to)
	if err == nil || !strings.Contains(err.Error(), "not found") {
		t.Errorf("nothing has arrived: %v", err)
	}
	registrytest.Push(t, to.String(), registrytest.NewImage(t))
	_, err = Copy(t.Context(), cli, repository.Direct(), from, to)
	if err == nil || !strings.Contains(err.Error(), "the digests differ") {
		t.Errorf("another image has arrived: %v", err)
	}
	digest, err := repository.Direct().Digest(t.Context(), from)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Copy(t.Context(), cli, repository.Direct(), from, from)
	if err != nil || got.Digest != digest || len(got.Signatures) != 1 || got.Signatures[0] != signature {
		t.Errorf("what is there already: %+v (%v)", got, err)
	}
}

// TestWriteJSON writes for others to read, and says where it can't.
func TestWriteJSON(t *testing.T) {
	path := filepath.Join(t.TempDir(), "signed.json")
	signed := []Image{{Reference: "app@sha256:1", Digest: "sha256:1", Signatures: []string{"sha256:2"}}}
	if err := WriteJSON(path, signed); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v (%v)", info, err)
	}
	if err := WriteJSON(filepath.Join(path, "below"), nil); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("below a file: %v", err)
	}
}
