package notation

import (
	"context"
	"fmt"
	"sync"
	"time"

	"container-signing/e2e/internal/process"
	"container-signing/e2e/internal/reference"
)

// Signing says with what an image is signed.
type Signing struct {
	// Signer is the signer's program and arguments, as a POSIX shell would
	// split them.
	Signer string
	// CertificateChain is the file of the signer's certificate chain.
	CertificateChain string
	// KeyID is what the signer is told to sign with.
	KeyID string
	// Timeout is how long the signer may take; zero leaves it to the plugin.
	Timeout time.Duration
	// Format of the signature envelope: one of [Formats].
	Format string
	// Asks says that the signer may ask at the terminal, such as for a
	// passphrase.
	Asks bool
	// Env is added to the signer's environment.
	Env []string
}

// Formats are the signature envelopes that notation knows.
func Formats() []string { return []string{"jws", "cose"} }

// terminal is held by the signer that may ask there: two at a time would each
// read half of an answer.
var terminal sync.Mutex

// Sign signs an image through the plugin external-signer.
func (c CLI) Sign(ctx context.Context, s Signing, image reference.Reference) error {
	c.Env = append(c.Env[:len(c.Env):len(c.Env)], s.Env...)
	// A signer may be configured by any variable, and need a proxy.
	c.Inherits = max(c.Inherits, process.OfUser)
	if c.Asks = s.Asks; s.Asks {
		terminal.Lock()
		defer terminal.Unlock()
	}
	if _, err := c.Run(ctx, SignArgs(s, image.String(), image.PlainHTTP)...); err != nil {
		return fmt.Errorf("signing image %q: %w", image, err)
	}
	return nil
}

// SignArgs returns the arguments of notation that sign an image.
func SignArgs(s Signing, image string, plainHTTP bool) []string {
	args := []string{"sign"}
	if plainHTTP {
		args = append(args, "--insecure-registry")
	}
	args = append(args,
		"--signature-format", s.Format,
		"--plugin", "external-signer", "--id", s.KeyID,
		"--plugin-config", "signer="+s.Signer, "--plugin-config", "certificate-chain="+s.CertificateChain)
	if s.Timeout > 0 {
		args = append(args, "--plugin-config", "timeout="+s.Timeout.String())
	}
	return append(args, image)
}
