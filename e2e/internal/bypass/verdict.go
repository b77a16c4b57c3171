package bypass

import (
	"fmt"
	"strings"

	"oras.land/oras-go/v2/registry"

	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/report"
)

// verdictOn begins the verdict on a way, on which only the container runtime
// can refuse an image.
func (w way) verdictOn(kind string) report.Verdict {
	verdict := report.Verdict{
		Workload: w.name, Kind: kind, Expected: report.Admitted, Seen: report.Failed, Attack: attackOf(w.name),
	}
	if w.because != nil {
		verdict.Expected, verdict.Policy = report.Refused, judge.RuntimeLock
	}
	return verdict
}

// compare completes a verdict: what happened with what must happen.
func (w way) compare(verdict *report.Verdict, image judge.Image) {
	switch {
	case verdict.Failure != "":
	case verdict.Seen != verdict.Expected:
		verdict.Failure = fmt.Sprintf("the container runtime must have it %s", verdict.Expected)
	case w.because == nil:
		verdict.Passed = true
	case !w.because.MatchString(verdict.Reason):
		verdict.Failure = fmt.Sprintf("it was refused for another reason: nothing in it matches %q", w.because)
	case !namesRepository(verdict.Reason, image.Reference):
		verdict.Failure = fmt.Sprintf("it was refused for another reason: image %q isn't named", image.Reference)
	default:
		verdict.Passed, verdict.Short = true, image.Fault
		verdict.Matched = strings.TrimLeft(w.because.FindString(verdict.Reason), ": ")
	}
}

// namesRepository tells whether a reason names the repository of an image. The
// verifier names images by digest, whatever they were asked for by.
func namesRepository(reason, reference string) bool {
	parsed, err := registry.ParseReference(reference)
	return err == nil && strings.Contains(reason, parsed.Registry+"/"+parsed.Repository)
}
