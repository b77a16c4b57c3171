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
	byTag := func(role supply.Role, same ...supply.Role) judge.Image {
		return image(s.InProduction(role), role, same...)
	}
	byBoth := s.InProduction(supply.Signed)
	byBoth.Digest = s.Digests[supply.Signed]
	missing := s.InProduction(supply.Signed)
	missing.Tag += "-missing"
	return judge.Images{
		"signed":                   byTag(supply.Signed, single),
		"signed-by-digest":         image(s.Pinned(supply.Signed), supply.Signed, single),
		"signed-by-tag-and-digest": image(byBoth, supply.Signed),
		"signed-single-platform":   byTag(single, supply.Signed),
		"signed-until-moved":       image(s.InProduction(supply.Moving), supply.Signed),
		"unsigned":                 byTag(supply.Unsigned),
		"unsigned-by-digest":       image(s.Pinned(supply.Unsigned), supply.Unsigned),
		"signed-by-another-ca":     byTag(supply.AnotherCA),
		"copied-without-signature": image(s.Bare(), supply.Signed),
		"unsigned-platform-of-signed-index": {
			Reference: s.InProduction(supply.Signed).ByDigest(platform).String(), Digest: platform,
		},
		"missing": {Reference: missing.String()},
	}
}
