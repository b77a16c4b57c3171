package bypass

import (
	"context"
	"errors"
	"strings"

	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/report"
)

// judge pulls. Has tells whether containers could use an image then.
func (p pullWay) judge(
	ctx context.Context, image judge.Image, has func(ctx context.Context, reference string) (bool, error),
) report.Verdict {
	verdict := p.verdictOn("Image")
	if err := p.pull(ctx, image.Reference); err == nil {
		verdict.Seen, verdict.Detail = report.Admitted, "pulled"
	} else {
		words := strings.Join(strings.Fields(err.Error()), " ")
		_, why, refused := strings.Cut(words, judge.RuntimeRefuses)
		if refused {
			verdict.Seen, verdict.Reason = report.Refused, why
		} else {
			verdict.Failure = "it wasn't pulled for another reason than the verifier's: " + words
		}
	}
	p.compare(&verdict, image)
	if err := p.checkUsable(ctx, image, has); err != nil && verdict.Failure == "" {
		verdict.Passed, verdict.Short, verdict.Failure = false, "", err.Error()
	}
	return verdict
}

// checkUsable looks whether containers can use an image just if they must be
// able to.
func (p pullWay) checkUsable(
	ctx context.Context, image judge.Image, has func(ctx context.Context, reference string) (bool, error),
) error {
	there, err := has(ctx, image.Reference)
	switch {
	case err != nil:
		return err
	case there && p.because != nil:
		return errors.New("containers can use the image without being asked")
	case !there && p.because == nil:
		return errors.New("containers can't use the image")
	}
	return nil
}
