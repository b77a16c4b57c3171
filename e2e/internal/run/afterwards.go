package run

import (
	"context"
	"slices"

	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/report"
	"container-signing/e2e/internal/workload"
)

// likeAfterwards is the workload that is refused as those are whose images aren't
// what they were any more.
const likeAfterwards = "deny/pod-unsigned"

// An afterthought is a workload that has been admitted, and that must be refused
// once its image isn't what it was any more, however well a policy remembers it.
type afterthought struct {
	before, after string // by which names it is a row
	image         string
	attack        report.Attack
}

var afterthoughts = []afterthought{
	{
		"admit/pod-by-tag-that-moves", "deny/pod-by-tag-that-has-moved", "signed-until-moved",
		report.Attack{
			Does:      "Moves a tag to an unsigned image after it was verified.",
			Why:       "Whoever remembers the verdict by the tag admits another image than was verified.",
			KnownFrom: "https://github.com/kyverno/kyverno/security/advisories/GHSA-2r43-6962-xcw5",
		},
	},
	{
		"admit/pod-until-withdrawn", "deny/pod-whose-signature-was-deleted", "signed-until-withdrawn",
		report.Attack{
			Does:      "Goes on with an image whose signature was deleted.",
			Why:       "Whoever remembers the verdict goes on trusting what nobody vouches for any more.",
			KnownFrom: "Kyverno 1.19.1 remembers verdicts for an hour (--imageVerifyCacheEnabled)",
		},
	},
}

// judgeAfterwards moves a tag that has been admitted to the unsigned image,
// deletes the signature of another one, and judges the same pods again. It judges
// nothing if the workloads lack the pods, or name real images.
func (t *trial) judgeAfterwards(ctx context.Context) (verdicts []report.Verdict, err error) {
	again := afterwards(t.plan.Workloads)
	if len(again) == 0 || t.supply == nil {
		return nil, nil
	}
	err = t.Console.Do("move a signed tag, delete a signature, judge again", func() error {
		if err := t.supply.MoveTag(ctx); err != nil {
			return err
		}
		if err := t.supply.Withdraw(ctx); err != nil {
			return err
		}
		verdicts, err = judge.Run(ctx, t.judgeOptions(), again)
		return err
	})
	return verdicts, err
}

// afterwards returns the pods that were admitted before, to be refused as an
// unsigned one is.
func afterwards(workloads []workload.Workload) (again []workload.Workload) {
	named := func(name string) int {
		return slices.IndexFunc(workloads, func(w workload.Workload) bool { return w.Name == name })
	}
	like := named(likeAfterwards)
	if like < 0 {
		return nil
	}
	for _, one := range afterthoughts {
		before := named(one.before)
		if before < 0 {
			continue
		}
		w, refusal := workloads[before], *workloads[like].Refusal
		refusal.Image = one.image
		w.Name, w.Refusal, w.Attack = one.after, &refusal, &one.attack
		again = append(again, w)
	}
	return again
}
