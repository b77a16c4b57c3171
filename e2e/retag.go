package main

import (
	"context"
	"fmt"
	"slices"

	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/report"
	"container-signing/e2e/internal/workload"
)

// The workloads from which the one with the moved tag is made.
const (
	beforeMove = "admit/pod-by-tag-that-moves"
	likeMoved  = "deny/pod-unsigned"
	afterMove  = "deny/pod-by-tag-that-has-moved"
	movedImage = "signed-until-moved"
)

// judgeMovedTag moves a tag that has been admitted to the unsigned image, and
// judges the same pod again: it must be refused, however well the policy
// remembers the tag. It judges nothing if the workloads lack the pod, or name
// real images.
func (r *chainRun) judgeMovedTag(ctx context.Context) ([]report.Verdict, error) {
	moved, ok := movedTag(r.workloads)
	if !ok || r.supply.pushed == nil {
		return nil, nil
	}
	var verdicts []report.Verdict
	err := r.console.do("move a signed tag to the unsigned image, judge again", func() error {
		if err := r.supply.oras.CopyBare(ctx, r.supply.production(unsigned), r.supply.production(moving)); err != nil {
			return fmt.Errorf("moving a tag: %w", err)
		}
		var err error
		verdicts, err = judge.Run(ctx, r.judgeOptions(), []workload.Workload{moved})
		return err
	})
	return verdicts, err
}

// movedTag returns the pod that was admitted before the tag has moved, to be
// refused as an unsigned one is.
func movedTag(workloads []workload.Workload) (workload.Workload, bool) {
	named := func(name string) int {
		return slices.IndexFunc(workloads, func(w workload.Workload) bool { return w.Name == name })
	}
	before, like := named(beforeMove), named(likeMoved)
	if before < 0 || like < 0 {
		return workload.Workload{}, false
	}
	moved, refusal := workloads[before], *workloads[like].Refusal
	refusal.Image = movedImage
	moved.Name, moved.Refusal = afterMove, &refusal
	return moved, true
}
