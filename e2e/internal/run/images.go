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
	images := ownImages(s)
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
	alike := alike(s)
	for name, image := range images {
		if slices.Contains(alike, image.Digest) {
			image.SameContent = alike
			images[name] = image
		}
	}
	return images
}

// alike are the digests of images that can run, of which all have the same content.
func alike(s supply.State) []string {
	var all []string
	for _, role := range []supply.Role{supply.Signed, supply.SinglePlatform, supply.Withdrawn} {
		if digest := s.Digests[role]; digest != "" {
			all = append(all, digest)
		}
	}
	for _, forged := range s.Forged {
		if forged.Fault == "" {
			all = append(all, forged.Digest)
		}
	}
	slices.Sort(all)
	return all
}

// ownImages are those that a run makes without an intruder.
func ownImages(s supply.State) judge.Images {
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
	image := func(at reference.Reference, role supply.Role, fault string) judge.Image {
		return judge.Image{Reference: at.String(), Digest: s.Digests[role], Fault: fault}
	}
	byTag := func(role supply.Role, fault string) judge.Image { return image(s.InProduction(role), role, fault) }
	// refusal is why notation has refused the image of a name.
	refusal := func(name string) string { return s.Refusals[name] }
	byBoth, absent := s.InProduction(supply.Signed), s.InProduction(supply.Signed)
	byBoth.Digest = s.Digests[supply.Signed]
	absent.Tag += "-missing"
	const platformName = "unsigned-platform-of-signed-index"
	images := judge.Images{
		"signed":                   byTag(supply.Signed, ""),
		"signed-by-digest":         image(s.Pinned(supply.Signed), supply.Signed, ""),
		"signed-by-tag-and-digest": image(byBoth, supply.Signed, ""),
		"signed-single-platform":   byTag(single, ""),
		"signed-until-moved":       image(s.InProduction(supply.Moving), supply.Signed, "tag moved to another image"),
		"signed-until-withdrawn":   byTag(supply.Withdrawn, "signature deleted"),
		"unsigned":                 byTag(supply.Unsigned, refusal("unsigned")),
		"unsigned-by-digest":       image(s.Pinned(supply.Unsigned), supply.Unsigned, refusal("unsigned")),
		"signed-by-another-ca":     byTag(supply.AnotherCA, refusal("signed-by-another-ca")),
		"copied-without-signature": image(s.Bare(), supply.Signed, refusal("copied-without-signature")),
		platformName: {
			Reference: s.InProduction(supply.Signed).ByDigest(platform).String(), Digest: platform,
			Fault: refusal(platformName),
		},
		"missing": {Reference: absent.String(), Fault: "no such image"},
	}
	if s.Digests[supply.Withdrawn] == "" {
		delete(images, "signed-until-withdrawn") // there is no second signature
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

// possible returns the workloads whose images are there, as they must fare with
// policies of some kinds, and how many are left out. All are possible if they name
// real images.
func possible(
	workloads []workload.Workload, images judge.Images, kinds []string,
) (kept []workload.Workload, without int) {
	for _, w := range workloads {
		if images != nil && slices.ContainsFunc(w.Images(), func(name string) bool { return missing(images, name) }) {
			without++
			continue
		}
		kept = append(kept, w.With(kinds))
	}
	return kept, without
}
