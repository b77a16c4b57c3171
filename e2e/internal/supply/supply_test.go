package supply

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"container-signing/e2e/internal/forgery"
	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/registry/registrytest"
	"container-signing/e2e/internal/repository"
)

// newSupply pushes the images of a run to both registries, as a faithful copy
// leaves them: with what looks like a signature where there should be one.
func newSupply(t *testing.T) *Supply {
	t.Helper()
	s := &Supply{Reader: repository.Direct(), State: State{
		Place: Place{
			Registries: Registries{CI: registrytest.Start(t), Production: registrytest.Start(t)},
			Repository: "team/app", Tag: "1",
		},
		Demonstration: true, Digests: map[Role]string{},
	}}
	for _, role := range s.roles() {
		image := registrytest.NewImage(t)
		for _, in := range []reference.Reference{s.InCI(role), s.InProduction(role)} {
			s.Digests[role] = registrytest.Push(t, in.String(), image)
			if s.signatures(role) > 0 {
				registrytest.Attach(t, in.String(), registrytest.SignatureType, string(role))
			}
		}
	}
	return s
}

func TestCompare(t *testing.T) {
	s := newSupply(t)
	want, err := s.Reader.Signatures(t.Context(), s.InCI(Signed))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Compare(t.Context()); err != nil || s.Signature != want[0] {
		t.Errorf("the signature is %q, not %q (%v)", s.Signature, want[0], err)
	}
}

// TestCompareHostile changes something on the way, which has to be noticed.
func TestCompareHostile(t *testing.T) {
	for name, c := range map[string]struct {
		tamper func(t *testing.T, s *Supply)
		words  string
	}{
		"another image in production": {func(t *testing.T, s *Supply) {
			registrytest.Push(t, s.InProduction(SinglePlatform).String(), registrytest.NewImage(t))
		}, "the digests differ"},
		"an image that hasn't arrived": {func(_ *testing.T, s *Supply) { s.Tag = "2" }, "not found"},
		"a signature more in production": {func(t *testing.T, s *Supply) {
			registrytest.Attach(t, s.InProduction(Signed).String(), registrytest.SignatureType, "more")
		}, "where 1 should be the same"},
		"a signature more in both": {func(t *testing.T, s *Supply) {
			for _, in := range []reference.Reference{s.InCI(Signed), s.InProduction(Signed)} {
				registrytest.Attach(t, in.String(), registrytest.SignatureType, "more")
			}
		}, "where 1 should be the same"},
		"a signature that stayed behind": {func(t *testing.T, s *Supply) {
			image := registrytest.NewImage(t)
			s.Digests[AnotherCA] = registrytest.Push(t, s.InCI(AnotherCA).String(), image)
			registrytest.Push(t, s.InProduction(AnotherCA).String(), image)
			registrytest.Attach(t, s.InCI(AnotherCA).String(), registrytest.SignatureType, "behind")
		}, "where 1 should be the same"},
		"no signature anywhere": {func(t *testing.T, s *Supply) {
			image := registrytest.NewImage(t)
			s.Digests[Signed] = registrytest.Push(t, s.InCI(Signed).String(), image)
			registrytest.Push(t, s.InProduction(Signed).String(), image)
		}, "where 1 should be the same"},
		"a signed image that must be unsigned": {func(t *testing.T, s *Supply) {
			for _, in := range []reference.Reference{s.InCI(Unsigned), s.InProduction(Unsigned)} {
				registrytest.Attach(t, in.String(), registrytest.SignatureType, "of the unsigned")
			}
		}, "where 0 should be the same"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSupply(t)
			c.tamper(t, s)
			if err := s.Compare(t.Context()); err == nil || !strings.Contains(err.Error(), c.words) {
				t.Errorf("it says: %v", err)
			}
		})
	}
}

func TestCheckEmpty(t *testing.T) {
	s := newSupply(t)
	if err := s.CheckEmpty(t.Context()); err == nil || !strings.Contains(err.Error(), "it holds team/app") {
		t.Errorf("a registry with images: %v", err)
	}
	s.Production = registrytest.Start(t)
	if err := s.CheckEmpty(t.Context()); err != nil {
		t.Errorf("an empty registry: %v", err)
	}
}

// TestCheckVerified wants to see that each step before has done its work.
func TestCheckVerified(t *testing.T) {
	whole := State{
		Signature: "sha256:1", Platform: "sha256:2", Demonstration: true, Verified: []Role{Signed, SinglePlatform, Withdrawn},
		Digests: map[Role]string{Signed: "sha256:3", Unsigned: "sha256:4", AnotherCA: "sha256:5"},
		Refusals: map[string]string{
			"unsigned":                          "unsigned",
			"signed-by-another-ca":              "signed by another CA",
			"copied-without-signature":          "unsigned",
			"unsigned-platform-of-signed-index": "unsigned",
		},
		Forged: map[string]Forged{},
	}
	for _, one := range forgery.All() {
		whole.Forged[one.Name] = Forged{"sha256:6", one.Fault}
	}
	if err := whole.CheckVerified(); err != nil {
		t.Errorf("what is complete: %v", err)
	}
	uncompared := whole
	uncompared.Signature = ""
	if err := uncompared.CheckVerified(); err == nil || !strings.Contains(err.Error(), "haven't been compared") {
		t.Errorf("what wasn't compared: %v", err)
	}
	unaccepted := whole
	unaccepted.Verified = whole.Verified[:1]
	err := unaccepted.CheckVerified()
	if err == nil || !strings.Contains(err.Error(), "accepts the image single-platform") {
		t.Errorf("without a verdict of notation on a signed image: %v", err)
	}
	for _, name := range slices.Sorted(maps.Keys(whole.Refusals)) {
		unverified := whole
		unverified.Refusals = maps.Clone(whole.Refusals)
		delete(unverified.Refusals, name)
		if err := unverified.CheckVerified(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without a verdict of notation on %s: %v", name, err)
		}
	}
	for name := range whole.Forged {
		unforged := whole
		unforged.Forged = maps.Clone(whole.Forged)
		delete(unforged.Forged, name)
		if err := unforged.CheckVerified(); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without the forged image %s: %v", name, err)
		}
	}
	single := whole
	single.Platform, single.Refusals = "", maps.Clone(whole.Refusals)
	delete(single.Refusals, "unsigned-platform-of-signed-index")
	if err := single.CheckVerified(); err != nil {
		t.Errorf("an image without platforms: %v", err)
	}
}

// TestPush derives images that differ in their digest alone.
func TestPush(t *testing.T) {
	s := &Supply{Reader: repository.Direct(), State: State{
		Place:         Place{Registries: Registries{CI: registrytest.Start(t)}, Repository: "app", Tag: "1"},
		Demonstration: true,
	}}
	digest := registrytest.Push(t, s.InCI(Signed).String(), registrytest.NewImage(t))
	if err := s.derive(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.Digests[Signed] != digest {
		t.Errorf("the signed image has the digest %s, not %s", s.Digests[Signed], digest)
	}
	seen := map[string]Role{}
	for _, role := range s.roles() {
		found, err := s.Reader.Digest(t.Context(), s.InCI(role))
		if err != nil || found != s.Digests[role] {
			t.Errorf("%s has the digest %s, not %s (%v)", role, found, s.Digests[role], err)
		}
		if other, taken := seen[found]; taken {
			t.Errorf("%s is the same image as %s", role, other)
		}
		seen[found] = role
	}
}

func TestReadState(t *testing.T) {
	written := State{
		Place: Place{Repository: "app", Tag: "1"}, Demonstration: true, Digests: map[Role]string{Signed: "sha256:1"},
	}
	_, err := ReadState(filepath.Join(t.TempDir(), "nowhere"))
	if err == nil || !strings.Contains(err.Error(), "nowhere: no such file") {
		t.Errorf("a missing file: %v", err)
	}
	_, err = ReadState(writeTemp(t, "Dear promote,\n"))
	if err == nil || !strings.Contains(err.Error(), "invalid character") {
		t.Errorf("prose: %v", err)
	}
	read, err := ReadState(writeTemp(t,
		`{"repository":"app","tag":"1","demonstration":true,"digests":{"signed":"sha256:1"},"CI":"elsewhere"}`))
	if err != nil || read.Place != written.Place || !read.Demonstration || read.Digests[Signed] != "sha256:1" {
		t.Errorf("read is %+v (%v)", read, err)
	}
}
