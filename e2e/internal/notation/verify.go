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

// A Refusal is why notation doesn't accept an image.
type Refusal struct {
	// Words are those of notation that tell it from others.
	Words string
	// Short says it in a few words.
	Short string
}

// The refusals that the run knows. Their words are notation's.
var (
	Unsigned  = Refusal{"no signature is associated with", "unsigned"}
	Untrusted = Refusal{"signature verification failed", "signed by another CA"}
)

// Refuses makes sure that notation doesn't accept an image, and for which
// reason.
func (c CLI) Refuses(ctx context.Context, image reference.Reference, because Refusal) error {
	err := c.Verify(ctx, image)
	if err == nil {
		return fmt.Errorf("verifying image %q: notation accepts it, though it must not", image)
	}
	if !strings.Contains(process.Words(err), because.Words) {
		return fmt.Errorf("notation must refuse the image because %q, but: %w", because.Words, err)
	}
	return nil
}
