package judge

import (
	"context"
	"fmt"

	"container-signing/e2e/internal/report"
	"container-signing/e2e/internal/workload"
)

// A trial applies workloads and compares what happens with what must happen.
type trial struct {
	applier  applier
	follower follower
	images   Images
}

// of applies the documents of a workload in their order, up to the first that
// meets with something else than it must.
func (t trial) of(ctx context.Context, w workload.Workload) report.Verdict {
	verdict := report.Verdict{Workload: w.Name, Kind: w.Last().Kind.Kind, Expected: report.Admitted}
	if w.Refusal != nil {
		verdict.Expected, verdict.Policy = report.Refused, w.Refusal.Policy
	}
	applied := w.WithImages(t.images.references())
	var end fate
	for i, document := range applied.Documents {
		kept, err := t.applier.apply(ctx, applied, document)
		decides := w.Refusal != nil && i == len(w.Documents)-1
		switch {
		case err != nil && decides:
			t.refused(&verdict, document, *w.Refusal, Classify(ctx, err))
			return verdict
		case err != nil:
			notAdmitted(&verdict, document, Classify(ctx, err))
			return verdict
		}
		verdict.Seen = report.Admitted
		if decides {
			verdict.Failure = fmt.Sprintf("document %d was admitted, but must be refused by policy %q",
				document.Number, w.Refusal.Policy)
			return verdict
		}
		object := admitted{document.Kind, kept, wantedImages(w.Documents[i], t.images), document.Updates >= 0}
		if end, err = t.admitted(ctx, object, w.Refusal != nil); err != nil {
			verdict.Failure = fmt.Sprintf("document %d was admitted, but %s", document.Number, err)
			return verdict
		}
	}
	verdict.Passed, verdict.Detail, verdict.Runs = true, end.detail, report.RunsNotChecked
	if end.ran {
		verdict.Runs = report.Runs
	}
	return verdict
}

// admitted finds out what becomes of an object that was admitted. One that only
// prepares for a refusal has to be pinned, and that is all.
func (t trial) admitted(ctx context.Context, object admitted, prepares bool) (fate, error) {
	if prepares {
		return fate{}, checkPinned(object.kind, object.kept, object.wanted)
	}
	return t.follower.follow(ctx, object)
}

// refused completes a verdict with the API server's answer to the document that
// must be refused.
func (t trial) refused(verdict *report.Verdict, document workload.Document, refusal workload.Refusal, answer Answer) {
	verdict.Seen, verdict.Webhook, verdict.Reason = answer.Seen, answer.Webhook, answer.Reason
	if answer.Seen != report.Refused {
		verdict.Failure = fmt.Sprintf("document %d met with another error than a refusal by a policy", document.Number)
		return
	}
	verdict.Matched = refusal.Because.FindString(answer.Reason)
	verdict.Failure = unexpected(refusal, t.images, answer.Reason)
	if verdict.Passed = verdict.Failure == ""; verdict.Passed {
		verdict.Short = t.images[refusal.Image].Fault
	}
}

// notAdmitted completes a verdict with the API server's answer to a document
// that must be admitted.
func notAdmitted(verdict *report.Verdict, document workload.Document, answer Answer) {
	verdict.Seen, verdict.Webhook, verdict.Reason = answer.Seen, answer.Webhook, answer.Reason
	verdict.Failure = fmt.Sprintf("document %d must be admitted", document.Number)
}
