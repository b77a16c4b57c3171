package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/report"
)

// judgeAll makes the cluster enforce the policies, judges the workloads and all
// that goes around the policies, and reports the verdicts. Whether these are as
// expected is passed: nil or ErrVerdict.
func (t *trial) judgeAll(ctx context.Context) (passed, err error) {
	if t.supply != nil {
		if err := t.supply.CheckVerified(); err != nil {
			return nil, err
		}
	}
	var without int
	if t.plan.Workloads, without = possible(t.plan.Workloads, t.judgeOptions().Images); without > 0 {
		t.Console.Note(fmt.Sprintf("%d workloads are left out: their images need a key of the signer or the CA", without))
	}
	t.cluster.Config.WarningHandler = t.Console
	if err := t.goAroundFirst(ctx); err != nil {
		return nil, err
	}
	// The verdicts tell more about policies that aren't enforced. The run can't
	// pass any more: one of its steps has failed.
	t.tellExemptions()
	err = t.Do(ctx, "apply the policies, until they are enforced", t.enforce)
	if err != nil && !errors.Is(err, judge.ErrNotEnforced) {
		return nil, err
	}
	verdicts, err := t.judgeWorkloads(ctx)
	if err != nil {
		return nil, err
	}
	for _, judgeMore := range []func(context.Context) ([]report.Verdict, error){
		t.judgeAfterwards, t.goAround, t.restart,
	} {
		more, err := judgeMore(ctx)
		if err != nil {
			return nil, err
		}
		verdicts = slices.Concat(verdicts, more)
	}
	return t.conclude(verdicts)
}

// tellExemptions tells what the policies leave out, as far as it can be told in
// words. What is left to expressions is in the report.
func (t *trial) tellExemptions() {
	var words []string
	expressions := 0
	for _, one := range t.plan.Exemptions {
		if one.ToExpression() {
			expressions++
		} else if !slices.Contains(words, one.Words) {
			words = append(words, one.Words)
		}
	}
	told := "nothing"
	if len(words) > 0 {
		told = strings.Join(words, ", ")
	}
	t.Console.Note(fmt.Sprintf("the policies leave out %s; %d expressions of theirs are accepted as they stand",
		told, expressions))
}

// judgeWorkloads applies the workloads and compares.
func (t *trial) judgeWorkloads(ctx context.Context) (verdicts []report.Verdict, err error) {
	err = t.Console.Do(fmt.Sprintf("judge %d workloads", len(t.plan.Workloads)), func() error {
		verdicts, err = judge.Run(ctx, t.judgeOptions(), t.plan.Workloads)
		return err
	})
	return verdicts, err
}

// conclude shows the verdicts and writes the report.
func (t *trial) conclude(verdicts []report.Verdict) (passed, err error) {
	result, err := t.result()
	if err != nil {
		return nil, err
	}
	result.Verdicts = verdicts
	t.Console.Close()
	if err := result.WriteTable(os.Stdout); err != nil {
		return nil, fmt.Errorf("showing the verdicts: %w", err)
	}
	if t.plan.Report != "" {
		if err := result.Write(t.plan.Report); err != nil {
			return nil, err
		}
	}
	t.concluded = true
	if !result.Passed() {
		return ErrVerdict, nil
	}
	return nil, nil
}
