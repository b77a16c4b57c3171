package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/policy"
	"container-signing/e2e/internal/report"
	"container-signing/internal/pki"
)

// enforcedWithin bounds the wait for policies, once Kyverno calls them ready,
// to refuse what they must: they do within half a second.
const enforcedWithin = 15 * time.Second

// enforce makes the cluster trust the CA and enforce the policies. Its error is
// a [judge.ErrNotEnforced] if all went well but for that.
func (r *chainRun) enforce(ctx context.Context) error {
	return r.bounded(ctx, "apply the policies, until they are enforced", func(ctx context.Context) error {
		ca, err := readCertificates(r.supply.identity.ca)
		if err != nil {
			return fmt.Errorf("reading the CA: %w", err)
		}
		if err := policy.Trust(ctx, r.cluster.Config, pki.EncodePEM(ca...)); err != nil {
			return err
		}
		if err := policy.Apply(ctx, r.cluster.Config, r.policies); err != nil {
			return r.cluster.ExplainKyverno(err)
		}
		options := r.judgeOptions()
		options.Limit = enforcedWithin
		if err := judge.AwaitEnforced(ctx, options, r.workloads); err != nil {
			return r.cluster.ExplainKyverno(err)
		}
		return nil
	})
}

func (r *chainRun) judgeOptions() judge.Options {
	return judge.Options{
		Config: r.cluster.Config, Images: r.supply.images(), Keep: !r.foreign,
		HasNode: r.withNode, OnRunning: r.noteRunning,
	}
}

// noteRunning records when the first admitted pod runs.
func (r *chainRun) noteRunning() {
	now := time.Now()
	r.firstRunning.CompareAndSwap(nil, &now)
}

// judge applies the workloads and compares.
func (r *chainRun) judge(ctx context.Context) ([]report.Verdict, error) {
	var verdicts []report.Verdict
	err := r.console.do(fmt.Sprintf("judge %d workloads", len(r.workloads)), func() error {
		var err error
		verdicts, err = judge.Run(ctx, r.judgeOptions(), r.workloads)
		return err
	})
	if err != nil {
		return nil, err
	}
	moved, err := r.judgeMovedTag(ctx)
	if err != nil {
		return nil, err
	}
	around, err := r.judgeBypasses(ctx)
	if err != nil {
		return nil, err
	}
	restarted, err := r.judgeRestart(ctx)
	return slices.Concat(verdicts, moved, around, restarted), err
}
