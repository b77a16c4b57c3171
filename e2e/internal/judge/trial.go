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
	anyLock  bool
}

// of judges a workload. On a node of somebody else's it leaves nothing: a node takes
// so many pods and no more, also of those whose images it refuses.
func (t trial) of(ctx context.Context, w workload.Workload) report.Verdict {
	if t.anyLock && t.follower.hasNode {
		t.applier.own = &cleanup{}
		defer func() {
			// What can't be deleted now is told when all is deleted.
			_ = t.applier.own.delete(ctx, t.applier.clients)
		}()
	}
	return t.judge(ctx, w)
}

// judge applies the documents of a workload in their order, up to the first that
// meets with something else than it must.
func (t trial) judge(ctx context.Context, w workload.Workload) report.Verdict {
	verdict := begin(w)
	applied := w.WithImages(t.images.references())
	switch {
	case t.applier.dryRuns:
		applied = applied.Idle()
	case w.Refusal != nil && w.Last().Updates >= 0 && !t.anyLock:
		// What is there to be updated needs no pods: those that are admitted have
		// some, and each costs a second of a processor's time.
		applied = applied.Childless()
	}
	var end fate
	for i, document := range applied.Documents {
		last := i == len(w.Documents)-1
		kept, err := t.applier.apply(ctx, applied, document, last)
		decides := w.Refusal != nil && last
		switch {
		case err != nil && decides:
			t.refused(&verdict, document, w, Classify(ctx, err))
			return verdict
		case err != nil:
			notAdmitted(&verdict, document, Classify(ctx, err))
			return verdict
		}
		verdict.Seen = report.Admitted
		if decides && t.anyLock {
			t.nextLock(ctx, &verdict, document, kept)
			return verdict
		}
		if decides {
			verdict.Failure = wronglyAdmitted(document, *w.Refusal)
			return verdict
		}
		object := admitted{document.Kind, kept, t.wanted(w, i), document.Updates >= 0}
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

// begin begins the verdict on a workload.
func begin(w workload.Workload) report.Verdict {
	verdict := report.Verdict{
		Workload: w.Name, Kind: w.Last().Kind.Kind, Expected: report.Admitted,
		Attack: w.Attack, KnownFault: w.KnownFault,
	}
	if w.Refusal != nil {
		verdict.Expected, verdict.Policy = report.Refused, w.Refusal.Policy
	}
	return verdict
}

func wronglyAdmitted(document workload.Document, refusal workload.Refusal) string {
	return fmt.Sprintf("document %d was admitted, but must be refused by policy %q", document.Number, refusal.Policy)
}

// wanted are the images that a document of a workload must have once it is
// admitted: those before it, if it has no say in images.
func (t trial) wanted(w workload.Workload, i int) []wantedImage {
	if w.Documents[i].Request.ChangesNothing() {
		i = w.Documents[i].Updates
	}
	return wantedImages(w.Documents[i], t.images)
}

// admitted finds out what becomes of an object that was admitted. One that only
// prepares for a refusal has to be pinned, and that is all.
func (t trial) admitted(ctx context.Context, object admitted, prepares bool) (fate, error) {
	switch {
	case t.anyLock && object.kind.Kind == podKind.Kind && !prepares:
		// Whoever pins images isn't known. A node that refuses them all is no lock.
		does, err := t.follower.runs(ctx, object.kept, object.wanted)
		return fate{ran: does != ""}, err
	case t.anyLock:
		return fate{}, nil
	case prepares:
		return fate{}, checkPinned(object.kind, object.kept, object.wanted)
	}
	return t.follower.follow(ctx, object)
}

// refused completes a verdict with the API server's answer to the document that
// must be refused.
func (t trial) refused(verdict *report.Verdict, document workload.Document, w workload.Workload, answer Answer) {
	answer.Tell(verdict)
	refusal := *w.Refusal
	known := w.FailsWith != "" && answer.Seen == report.Failed && refusal.Because.MatchString(answer.Reason)
	if t.anyLock && !known && w.FailsWith != "" {
		verdict.KnownFault = "" // another lock has no such fault
	}
	if w.FailsWith != "" && (known || !t.anyLock) {
		verdict.Expected = report.Failed
		verdict.Matched = refusal.Because.FindString(answer.Reason)
		if verdict.Passed = answer.Seen == report.Failed && verdict.Matched != ""; !verdict.Passed {
			verdict.Failure = fmt.Sprintf(
				"document %d must fail, by a fault that is known, for a reason that matches %q",
				document.Number, refusal.Because)
		}
		return
	}
	if answer.Seen != report.Refused {
		verdict.Failure = fmt.Sprintf("document %d met with another error than a refusal by a policy", document.Number)
		return
	}
	if t.anyLock {
		verdict.Passed = true
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
	answer.Tell(verdict)
	verdict.Failure = fmt.Sprintf("document %d must be admitted", document.Number)
}
