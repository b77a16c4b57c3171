package supply

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"container-signing/e2e/internal/notation"
	"container-signing/e2e/internal/process"
)

// answering is a program in the place of notation, which answers as its script
// says, in which $image is the one that it is asked about.
func answering(t *testing.T, script string) notation.CLI {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notation")
	script = "#!/bin/sh\nfor last in \"$@\"; do case $last in --*) ;; *) image=$last ;; esac; done\n" + script
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return notation.CLI{Tool: process.Tool{Path: path}}
}

// verified is a state whose images have their roles for digests.
func verified() State {
	s := State{
		Place: Place{
			Registries: Registries{CI: "127.0.0.1:1", Production: "127.0.0.1:2"}, Repository: "app", Tag: "1",
		},
		Demonstration: true, Platform: "platform", Digests: map[Role]string{},
	}
	for _, role := range s.roles() {
		s.Digests[role] = string(role)
	}
	return s
}

// TestVerifyAsks has a notation that lies about one image in turn: it accepts
// what it must refuse, or refuses what it must accept. Each has to be asked
// about.
func TestVerifyAsks(t *testing.T) {
	t.Parallel()
	const (
		accept = "echo 'Successfully verified'; exit 0"
		refuse = "echo 'no signature is associated with it, does not contain any trusted certificate' >&2; exit 1"
	)
	s := &Supply{State: verified()}
	lies, right := map[string]string{"none": "exit 2"}, ""
	for _, role := range s.trustedRoles() {
		lies[s.Pinned(role).String()] = refuse
		right += "  " + s.Pinned(role).String() + ") " + accept + " ;;\n"
	}
	for _, refused := range s.refused() {
		lies[refused.image.String()] = accept
	}
	if len(lies) < 6 {
		t.Fatalf("there are only %d images", len(lies)-1)
	}
	for image, lie := range lies {
		s.Notation = answering(t, "case $image in\n  "+image+") "+lie+" ;;\n"+right+"esac\n"+refuse+"\n")
		err := s.Verify(t.Context())
		if (err == nil) != (image == "none") || err != nil && !strings.Contains(err.Error(), image) {
			t.Errorf("notation that lies about %s: %v", image, err)
		}
	}
}

// TestPromoteCompares promotes to a registry in which another image was put in
// the place of one: it ends before notation is asked.
func TestPromoteCompares(t *testing.T) {
	t.Parallel()
	s := newSupply(t)
	s.Digests[SinglePlatform] = "sha256:" + strings.Repeat("0", 64)
	s.Notation = answering(t, "echo 'Successfully verified'; exit 0\n")
	err := s.Promote(t.Context(), func(ctx context.Context, name string, f func(context.Context) error) error {
		if strings.HasPrefix(name, "oras") {
			return nil // it is there
		}
		return f(ctx)
	})
	if err == nil || !strings.Contains(err.Error(), "the digests differ") {
		t.Errorf("it says: %v", err)
	}
}
