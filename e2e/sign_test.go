package main_test

import (
	"slices"
	"strings"
	"testing"
)

// TestSign signs what can be signed, however the others fail, and says of
// each what became of it.
func TestSign(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.push()
	own := newIdentity(t, s.dir, "EC-256")
	index, single := busybox(s.ci, ""), busybox(s.ci, "single-platform")

	t.Run("one of three is missing", func(t *testing.T) {
		s := s.on(t)
		missing, output := s.ci+"/busybox:missing", s.in("two.json")
		s.fail(s.signing(own, "--image", index, "--image", missing, "--image", single, "--output", output, "--parallel",
			"2"),
			`resolving image "`+missing+`"`, "not found")
		written := readJSON[[]signedImage](t, output)
		if len(written) != 2 {
			t.Fatalf("written are %+v, not two images", written)
		}
		for i, image := range []string{index, single} {
			if present := s.signatures(image); len(present) != 1 || !slices.Equal(written[i].Signatures, present) {
				t.Errorf("%s has the signatures %v: %+v", image, present, written[i])
			}
			if written[i].Reference != strings.TrimSuffix(image,
				image[strings.LastIndex(image, ":"):])+"@"+written[i].Digest || !digest.MatchString(written[i].Digest) {
				t.Errorf("%s isn't named by its digest: %+v", image, written[i])
			}
		}
	})
	t.Run("one image twice", func(t *testing.T) {
		s := s.on(t)
		image, output := busybox(s.ci, "unsigned"), s.in("twice.json")
		s.succeed(s.signing(own, "--image", image, "--image", image, "--image", image, "--image", image,
			"--output", output))
		var written []string
		for _, image := range readJSON[[]signedImage](t, output) {
			if len(image.Signatures) != 1 {
				t.Errorf("signed once: %+v", image)
			}
			written = append(written, image.Signatures...)
		}
		if slices.Sort(written); len(written) != 4 || !slices.Equal(written, s.signatures(image)) {
			t.Errorf("the signatures are %v, and not the four that are written: %v", s.signatures(image), written)
		}
	})
	t.Run("signer that fails", func(t *testing.T) {
		s := s.on(t)
		output := s.in("none.json")
		failing := s.command([]string{"sign", "--image", index, "--image", single, "--output", output,
			"--certificate-chain", own.chain,
			"--signer", `sh -c "echo the HSM is out of order >&2; exit 3"`})
		s.fail(failing, `signing image "`+s.ci+"/busybox@sha256:", "the signer ended with exit status 3",
			"stderr: the HSM is out of order")
		if failed := strings.Count(failing.text("stdout"), "✗"); failed != 2 {
			t.Errorf("%d images are shown as failed, not both", failed)
		}
		if written := readJSON[[]signedImage](t, output); written == nil || len(written) != 0 {
			t.Errorf("written is %+v, not an empty list", written)
		}
		if present := s.signatures(index); len(present) != 1 {
			t.Errorf("there are signatures by the signer that fails: %v", present)
		}
	})
	t.Run("no registry", func(t *testing.T) {
		s := s.on(t)
		nowhere := freeAddress(t)
		s.fail(s.signing(own, "--image", nowhere+"/app:1"), `resolving image "`+nowhere+`/app:1"`, "connection refused")
	})
	t.Run("HTTPS", func(t *testing.T) {
		s := s.on(t)
		// A name that isn't known to be loopback is spoken to by HTTPS.
		s.fail(s.signing(own, "--image", "registry.invalid/app:1"), `resolving image "registry.invalid/app:1"`,
			"https://registry.invalid/")
		s.fail(s.signing(own, "--image", "registry.invalid/app:1", "--plain-http"), "http://registry.invalid/")
	})
}
