package notation

import (
	"context"
	"fmt"
	"strings"

	"container-signing/e2e/internal/process"
	"container-signing/e2e/internal/reference"
)

// Verify verifies an image's signature against what is trusted.
func (c CLI) Verify(ctx context.Context, image reference.Reference) error {
	output, err := c.Run(ctx, VerifyArgs(image)...)
	if err != nil {
		return fmt.Errorf("verifying image %q: %w", image, err)
	}
	if !strings.Contains(output, "Successfully verified") {
		return fmt.Errorf("verifying image %q: notation doesn't say that it did: %s", image, output)
	}
	return nil
}

// VerifyArgs returns the arguments of notation that verify an image.
func VerifyArgs(image reference.Reference) []string {
	args := []string{"verify"}
	if image.PlainHTTP {
		args = append(args, "--insecure-registry")
	}
	return append(args, image.String())
}

// A Refusal is why notation doesn't accept an image, in those of its own words
// that tell the reason from others.
type Refusal string

const (
	// Unsigned is an image that has no signature.
	Unsigned Refusal = "no signature is associated with"
	// Untrusted is one whose signatures aren't by anybody who is trusted.
	Untrusted Refusal = "does not contain any trusted certificate"
)

// Refuses makes sure that notation doesn't accept an image, and for which
// reason.
func (c CLI) Refuses(ctx context.Context, image reference.Reference, because Refusal) error {
	// What it holds against a signature it says only if it is asked to say more.
	_, err := c.Run(ctx, append(VerifyArgs(image), "--verbose")...)
	if err == nil {
		return fmt.Errorf("verifying image %q: notation accepts it, though it must not", image)
	}
	err = fmt.Errorf("verifying image %q: %w", image, err)
	if !strings.Contains(process.Words(err), string(because)) {
		return fmt.Errorf("notation must refuse the image because %q, but: %w", because, err)
	}
	return nil
}
