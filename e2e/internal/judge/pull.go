package judge

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"container-signing/e2e/internal/report"
)

// A Pull is a pull by hand on the node, which no API server is asked about.
type Pull struct {
	// Name is that of the verdict.
	Name string
	// Image is a name in Images.
	Image string
	// Because must match the image verifier's reason. It is nil if the pull
	// must be allowed.
	Because *regexp.Regexp
	// Do pulls an image.
	Do func(ctx context.Context, reference string) error
}

// JudgePull pulls. Has tells whether containers could use an image then.
func JudgePull(ctx context.Context, options Options, p Pull, has func(ctx context.Context, reference string) (bool, error)) (report.Verdict, error) {
	started := time.Now()
	limit := options.Limit
	if limit == 0 {
		limit = DefaultLimit
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("it took longer than %s", limit))
	defer cancel()
	reference := options.Images[p.Image].Reference
	verdict := runtimeVerdict(p.Name, "Image", p.Because)
	switch err := p.Do(ctx, reference); {
	case err == nil:
		verdict.Seen, verdict.Detail = report.Admitted, "pulled"
	case ctx.Err() != nil:
		return verdict, context.Cause(ctx)
	default:
		words := strings.Join(strings.Fields(err.Error()), " ")
		_, why, refused := strings.Cut(words, runtimeRefuses)
		if !refused {
			verdict.Failure = "it wasn't pulled for another reason than the verifier's: " + words
			break
		}
		verdict.Seen, verdict.Reason = report.Refused, why
	}
	completeRuntime(&verdict, p.Because, reference)
	there, err := has(ctx, reference)
	if err == nil && there != (p.Because == nil) {
		err = errors.New("containers can use the image without being asked")
		if p.Because == nil {
			err = errors.New("containers can't use the image")
		}
	}
	if err != nil && verdict.Failure == "" {
		verdict.Passed, verdict.Failure = false, err.Error()
	}
	verdict.Seconds = time.Since(started).Seconds()
	return verdict, nil
}
