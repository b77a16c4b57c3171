package run

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"container-signing/e2e/internal/supply"
	"container-signing/e2e/internal/workload"
)

func state() supply.State {
	return supply.State{
		Place: supply.Place{
			Registries: supply.Registries{CI: "ci:1", Production: "production:2"}, Repository: "app", Tag: "1",
		},
		Platform: "sha256:platform", Demonstration: true,
		Digests: map[supply.Role]string{
			supply.Signed: "sha256:signed", supply.SinglePlatform: "sha256:single", supply.Unsigned: "sha256:unsigned",
			supply.AnotherCA: "sha256:another", supply.Withdrawn: "sha256:withdrawn",
		},
	}
}

// TestImages makes sure that each name says where an image is and what it has to
// be pinned to: a reference to CI, or a digest of another image, would let a
// verdict pass that proves nothing.
func TestImages(t *testing.T) {
	images := Images(state())
	if len(named) != 12 {
		t.Errorf("%d names are known: %v", len(named), named)
	}
	for name, want := range map[string][2]string{
		"signed":                            {"production:2/app:1", "sha256:signed"},
		"signed-by-digest":                  {"production:2/app@sha256:signed", "sha256:signed"},
		"signed-by-tag-and-digest":          {"production:2/app:1@sha256:signed", "sha256:signed"},
		"signed-single-platform":            {"production:2/app:1-single-platform", "sha256:single"},
		"signed-until-moved":                {"production:2/app:1-moving", "sha256:signed"},
		"signed-until-withdrawn":            {"production:2/app:1-withdrawn", "sha256:withdrawn"},
		"unsigned":                          {"production:2/app:1-unsigned", "sha256:unsigned"},
		"unsigned-by-digest":                {"production:2/app@sha256:unsigned", "sha256:unsigned"},
		"signed-by-another-ca":              {"production:2/app:1-another-ca", "sha256:another"},
		"copied-without-signature":          {"production:2/app-without-signature:1", "sha256:signed"},
		"unsigned-platform-of-signed-index": {"production:2/app@sha256:platform", "sha256:platform"},
		"missing":                           {"production:2/app:1-missing", ""},
	} {
		if got := [2]string{images[name].Reference, images[name].Digest}; got != want || !slices.Contains(named, name) {
			t.Errorf("%s is %q, not %q", name, got, want)
		}
		delete(images, name)
	}
	for name := range images {
		if _, spelled := spellings[name]; !spelled {
			t.Errorf("there is one more: %s", name)
		}
	}
	if others := Images(supply.State{}); others != nil {
		t.Errorf("workloads that name real images get %v", others)
	}
}

// TestImagesOfOne has no platforms and one signature only.
func TestImagesOfOne(t *testing.T) {
	one := state()
	one.Platform, one.Demonstration = "", false
	delete(one.Digests, supply.SinglePlatform)
	delete(one.Digests, supply.Withdrawn)
	named := Images(one)
	if got := named["signed-single-platform"]; got.Reference != "production:2/app:1" || got.Digest != "sha256:signed" {
		t.Errorf("the single platform is %+v, not the signed image", got)
	}
	if !missing(named, "signed-until-withdrawn") {
		t.Error("there is an image with a second signature")
	}
	if got := named["unsigned-platform-of-signed-index"]; got.Digest != "sha256:unsigned" {
		t.Errorf("a platform of what is no index is %+v, not unsigned", got)
	}
}

// TestSpellings writes the name of an unsigned image in ways that can't be taken
// for another's.
func TestSpellings(t *testing.T) {
	here := state()
	here.Production = "127.0.0.1:2"
	for registry, wanted := range map[string]map[string]string{
		"127.0.0.1:2": {
			"unsigned-by-localhost":           "localhost:2/app:1-unsigned",
			"unsigned-by-upper-case-registry": "LOCALHOST:2/app:1-unsigned",
			"unsigned-by-mapped-address":      "[::ffff:127.0.0.1]:2/app:1-unsigned",
			"unsigned-by-port-with-zero":      "127.0.0.1:02/app:1-unsigned@sha256:unsigned",
			"unsigned-under-signed-tag":       "127.0.0.1:2/app:1@sha256:unsigned",
			"unsigned-behind-signed-digest":   "127.0.0.1:2/app@sha256:signed@sha256:unsigned",
			"unsigned-by-upper-case-digest":   "127.0.0.1:2/app@sha256:UNSIGNED",
			"unsigned-with-two-tags":          "127.0.0.1:2/app:1:1-unsigned",
		},
		"production": {
			"unsigned-by-localhost": "", "unsigned-by-mapped-address": "", "unsigned-by-port-with-zero": "",
			"unsigned-by-upper-case-registry": "PRODUCTION/app:1-unsigned@sha256:unsigned",
		},
	} {
		here.Production = registry
		images := Images(here)
		for name, want := range wanted {
			if got := images[name].Reference; got != want {
				t.Errorf("%s of %s is %q, not %q", name, registry, got, want)
			}
			if want == "" && !missing(images, name) {
				t.Errorf("workloads with %s would be judged with %s", name, registry)
			}
		}
	}
}

// TestAfterwards makes the workloads whose images have changed out of the
// project's own.
func TestAfterwards(t *testing.T) {
	plan, err := Choice{Policy: PolicyKinds()[0]}.Read()
	if err != nil {
		t.Fatal(err)
	}
	again := afterwards(plan.Workloads)
	if len(again) != len(afterthoughts) {
		t.Fatalf("there are %d: %+v", len(again), again)
	}
	for i, w := range again {
		if want := afterthoughts[i]; w.Name != want.after || w.Refusal == nil || w.Refusal.Image != want.image ||
			w.Refusal.Policy == "" || w.Attack.Does == "" || !slices.Contains(w.Images(), want.image) {
			t.Errorf("%s is %+v", want.after, w)
		}
	}
	const unsigned = "no Notation signature by a trusted certificate"
	for _, own := range plan.Workloads {
		if own.Name == likeAfterwards {
			because := regexp.MustCompile(own.Refusal.Because.String())
			if own.Refusal.Image != "unsigned" || !because.MatchString(unsigned) {
				t.Errorf("the workload that they are made of has changed: %+v", own.Refusal)
			}
		}
		isBefore := slices.ContainsFunc(afterthoughts, func(a afterthought) bool { return a.before == own.Name })
		if isBefore && own.Refusal != nil {
			t.Errorf("%s has to be admitted before, and has to be refused", own.Name)
		}
	}
	for _, name := range []string{strings.ToUpper(afterthoughts[0].before), likeAfterwards} {
		if again := afterwards([]workload.Workload{{Name: name, Refusal: &workload.Refusal{}}}); len(again) > 0 {
			t.Errorf("workloads without the pods have %+v", again)
		}
	}
}
