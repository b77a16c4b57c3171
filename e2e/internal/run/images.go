package run

import (
	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/supply"
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
	const platformName = "unsigned-platform-of-signed-index"
	missing := s.InProduction(supply.Signed)
	missing.Tag += "-missing"
	return judge.Images{
		"signed":                   byTag(supply.Signed, single),
		"signed-by-digest":         image(s.Pinned(supply.Signed), supply.Signed, single),
		"signed-by-tag-and-digest": image(byBoth, supply.Signed),
		"signed-single-platform":   byTag(single, supply.Signed),
		"signed-until-moved":       moving,
		"unsigned":                 faulty("unsigned", byTag(supply.Unsigned)),
		"unsigned-by-digest":       faulty("unsigned", image(s.Pinned(supply.Unsigned), supply.Unsigned)),
		"signed-by-another-ca":     faulty("signed-by-another-ca", byTag(supply.AnotherCA)),
		"copied-without-signature": faulty("copied-without-signature", image(s.Bare(), supply.Signed)),
		platformName: faulty(platformName, judge.Image{
			Reference: s.InProduction(supply.Signed).ByDigest(platform).String(), Digest: platform,
		}),
		"missing": {Reference: missing.String(), Fault: "no such image"},
	}
}
