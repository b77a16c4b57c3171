package run

import (
	"context"
	"fmt"
	"strings"
	"time"

	"container-signing/e2e/internal/enforcement"
	"container-signing/e2e/internal/exemption"
	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/mutant"
	"container-signing/e2e/internal/report"
	"container-signing/e2e/internal/workload"
)

// try makes the cluster enforce a mutant, and tells how it is noticed.
func (h *hunt) try(ctx context.Context, m mutant.Mutant) (report.Verdict, error) {
	started := time.Now()
	verdict := report.Verdict{
		Workload: "mutant/" + m.Name, Kind: m.Kind, Expected: string(m.Expected), Detail: m.Reason,
	}
	read := exemption.Unaccepted(exemption.In(m.Policies), nil)
	row := ""
	if m.Expected == mutant.ByRequests || h.exceptions {
		var err error
		if row, err = h.noticedBy(ctx, m); err != nil {
			return verdict, err
		}
	}
	tell(&verdict, m, read, row)
	verdict.Seconds = time.Since(started).Seconds()
	return verdict, nil
}

// noticedBy returns what notices a mutant by requests: a row of the table, or
// the cluster, which doesn't take it; "" if nothing does.
func (h *hunt) noticedBy(ctx context.Context, m mutant.Mutant) (string, error) {
	err := h.cluster.Replace(ctx, m.Policies)
	if reason, refused := enforcement.Refusal(err); refused {
		return "the cluster doesn't take it: " + reason, nil
	}
	if err != nil {
		return "", h.trial.cluster.ExplainKyverno(err)
	}
	likely := func(name string) (parts int) {
		for _, part := range m.Likely {
			parts += strings.Count(name, part)
		}
		return parts
	}
	found, err := h.screen.First(ctx, likely)
	if err != nil {
		return "", err
	}
	if found == nil && m.Expected == mutant.ByRequests {
		if found, err = h.inEarnest(ctx); err != nil {
			return "", err
		}
	}
	if found == nil {
		return "", nil
	}
	return fmt.Sprintf("%s: %s", found.Workload, found.Failure), nil
}

// inEarnest returns the first verdict that isn't as it must be when nothing is a
// dry run, and what becomes of what is admitted is looked at: of the workloads
// that must be refused, which are quicker, and then of the others.
func (h *hunt) inEarnest(ctx context.Context) (*report.Verdict, error) {
	var refused, admitted []workload.Workload
	for _, w := range h.plan.Workloads {
		if w.Refusal != nil {
			refused = append(refused, w)
		} else {
			admitted = append(admitted, w)
		}
	}
	for _, workloads := range [][]workload.Workload{refused, admitted} {
		if found, err := h.firstOf(ctx, workloads); found != nil || err != nil {
			return found, err
		}
	}
	return nil, nil
}

func (h *hunt) firstOf(ctx context.Context, workloads []workload.Workload) (found *report.Verdict, err error) {
	judging, stop := context.WithCancel(ctx)
	defer stop()
	options := h.judgeOptions()
	options.Keep = false
	options.OnVerdict = func(v report.Verdict) {
		// An error of the cluster's says nothing of a policy.
		if found == nil && !v.Passed && v.Seen != report.Failed && judging.Err() == nil {
			found = &v
			stop()
		}
	}
	if _, err := judge.Run(judging, options, workloads); err != nil && found == nil {
		return nil, err
	}
	return found, nil
}

// tell completes the verdict about a mutant.
func tell(v *report.Verdict, m mutant.Mutant, read []exemption.Exemption, row string) {
	var words []string
	for _, one := range read {
		words = append(words, one.Words)
	}
	seen := mutant.Same
	switch {
	case row != "":
		seen, v.Reason = mutant.ByRequests, row
	case len(read) > 0:
		seen, v.Reason = mutant.ByReading, "only by reading: "+strings.Join(words, ", ")
	}
	v.Seen = string(seen)
	v.Passed = seen == m.Expected || seen == mutant.ByReading && m.Expected == mutant.Same
	switch {
	case v.Passed:
	case seen == mutant.ByRequests:
		v.Failure = "it is said that no request finds it, and one does"
	case seen == mutant.ByReading:
		v.Failure = "no workload comes out otherwise"
	default:
		v.Failure = "nobody notices it"
	}
}
