package main

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/notaryproject/notation-go"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
)

// signatureAttempts is how many signatures of an image are tried; notation's
// default. It bounds the work that somebody who may push to a registry can cause.
const signatureAttempts = 100

// verify verifies the image's signatures until one is accepted.
func verify(ctx context.Context, r request, t trust, from *repository) verdict {
	_, outcomes, err := notation.Verify(ctx, t.verifier, from, notation.VerifyOptions{
		ArtifactReference: r.reference.String(), MaxSignatureAttempts: signatureAttempts,
	})
	switch {
	case ctx.Err() != nil:
		return undecided(fmt.Errorf("verifying %s: %w", r.reference, context.Cause(ctx)))
	case err == nil:
		return acceptedBy(r, t, outcomes)
	case from.fault != nil:
		return undecided(from.fault)
	case from.signatures == 0:
		return refused("no Notation signature on %s", r.reference)
	}
	if inconclusive := new(notation.VerificationInconclusiveError); errors.As(err, inconclusive) {
		return undecided(err)
	}
	return refused("trust policy %q accepts no Notation signature on %s: %s",
		t.policy.Name, r.reference, firstCause(err))
}

// firstCause is why the first signature was not accepted. notation-go joins
// that with a general error before it, and the causes of the others after it.
func firstCause(err error) string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) > 1 {
		err = joined.Unwrap()[1]
	}
	return strings.TrimPrefix(err.Error(), "failed to verify ")
}

func acceptedBy(r request, t trust, outcomes []*notation.VerificationOutcome) verdict {
	if len(outcomes) == 0 {
		return undecided(fmt.Errorf("verifying %s: notation-go accepts it without an outcome", r.reference))
	}
	if reflect.DeepEqual(outcomes[0].VerificationLevel, trustpolicy.LevelSkip) {
		return accepted("trust policy %q asks for no signature on %s", t.policy.Name, r.reference)
	}
	for _, result := range outcomes[0].VerificationResults {
		if result.Error != nil { // the policy only wants to be told
			return accepted("signature on %s accepted by trust policy %q, although its %s isn't verified: %v",
				r.reference, t.policy.Name, result.Type, result.Error)
		}
	}
	return accepted("signature verified on %s by trust policy %q", r.reference, t.policy.Name)
}
