package run

import (
	"slices"

	"container-signing/e2e/internal/forgery"
	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/supply"
	"container-signing/e2e/internal/workload"
)

// Images are the images that workloads can name.
func Images(s supply.State) judge.Images {
	if s.Digests == nil {
		return nil
	}
	single := supply.SinglePlatform
	if s.Digests[single] == "" {
		single = supply.Signed
	}
	platform := s.Platform
	if platform == "" {
		// The image is no index. Its unsigned variant then stands for a
		// platform of one.
		platform = s.Digests[supply.Unsigned]
	}
	image := func(at reference.Reference, role supply.Role, same ...supply.Role) judge.Image {
		named := judge.Image{Reference: at.String(), Digest: s.Digests[role]}
		for _, role := range same {
			named.SameContent = append(named.SameContent, s.Digests[role])
		}
		return named
	}
	// faulty is an image that notation has refused for that fault.
	faulty := func(name string, image judge.Image) judge.Image {
		image.Fault = s.Refusals[name]
		return image
	}
	byTag := func(role supply.Role, same ...supply.Role) judge.Image {
		return image(s.InProduction(role), role, same...)
	}
	byBoth := s.InProduction(supply.Signed)
	byBoth.Digest = s.Digests[supply.Signed]
	moving := image(s.InProduction(supply.Moving), supply.Signed)
	moving.Fault = "tag moved to an unsigned image"
	withdrawn := byTag(supply.Withdrawn)
	withdrawn.Fault = "signature deleted"
	const platformName = "unsigned-platform-of-signed-index"
	absent := s.InProduction(supply.Signed)
	absent.Tag += "-missing"
	images := judge.Images{
		"signed":                   byTag(supply.Signed, single),
		"signed-by-digest":         image(s.Pinned(supply.Signed), supply.Signed, single),
		"signed-by-tag-and-digest": image(byBoth, supply.Signed),
		"signed-single-platform":   byTag(single, supply.Signed),
		"signed-until-moved":       moving,
		"signed-until-withdrawn":   withdrawn,
		"unsigned":                 faulty("unsigned", byTag(supply.Unsigned)),
		"unsigned-by-digest":       faulty("unsigned", image(s.Pinned(supply.Unsigned), supply.Unsigned)),
		"signed-by-another-ca":     faulty("signed-by-another-ca", byTag(supply.AnotherCA)),
		"copied-without-signature": faulty("copied-without-signature", image(s.Bare(), supply.Signed)),
		platformName: faulty(platformName, judge.Image{
			Reference: s.InProduction(supply.Signed).ByDigest(platform).String(), Digest: platform,
		}),
		"missing": {Reference: absent.String(), Fault: "no such image"},
	}
	if withdrawn.Digest == "" {
		delete(images, "signed-until-withdrawn") // there is no second signature
	}
	for name, forged := range s.Forged {
		images[name] = judge.Image{
			Reference: s.InProduction(supply.Role(name)).String(), Digest: forged.Digest, Fault: forged.Fault,
		}
	}
	unsigned := s.InProduction(supply.Unsigned)
	unsigned.Digest = s.Digests[supply.Unsigned]
	for name, spell := range spellings {
		text := spell(unsigned, s.InProduction(supply.Signed), s.Digests[supply.Signed])
		if text != "" {
			images[name] = judge.Image{Reference: text, Digest: unsigned.Digest, Fault: "unsigned, by another name"}
		}
	}
	return images
}

// named are the names of images that a run makes without an intruder.
var named = []string{
	"signed", "signed-by-digest", "signed-by-tag-and-digest", "signed-single-platform", "signed-until-moved",
	"signed-until-withdrawn", "unsigned", "unsigned-by-digest", "signed-by-another-ca", "copied-without-signature",
	"unsigned-platform-of-signed-index", "missing",
}

// missing tells whether an image that workloads can name isn't among these, such
// as one for which an intruder needs keys that aren't to be had, or a name that
// the registry can't be called by.
func missing(images judge.Images, name string) bool {
	_, there := images[name]
	_, spelling := spellings[name]
	return !there && (spelling || slices.Contains(named, name) || forgery.Known(name))
}

// possible returns the workloads whose images are there, and how many aren't. All
// are possible if they name real images.
func possible(workloads []workload.Workload, images judge.Images) (kept []workload.Workload, without int) {
	for _, w := range workloads {
		if images != nil && slices.ContainsFunc(w.Images(), func(name string) bool { return missing(images, name) }) {
			without++
			continue
		}
		kept = append(kept, w)
	}
	return kept, without
}
