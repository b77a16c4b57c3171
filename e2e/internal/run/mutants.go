package run

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"

	"k8s.io/client-go/rest"

	"container-signing/e2e/internal/enforcement"
	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/mutant"
	"container-signing/e2e/internal/report"
	"container-signing/e2e/internal/session"
	"container-signing/e2e/internal/usage"
	"container-signing/internal/hint"
)

// MutantsOptions are what a person can choose about them.
type MutantsOptions struct {
	Options
	// Only picks mutants by their names; nil picks all.
	Only *regexp.Regexp
	// Exceptions says that those are tried by requests too which no request
	// finds. Each of them takes as long as all workloads do.
	Exceptions bool
}

// Mutants makes policies with one hole each out of the project's own, puts each
// in their place, and tells how a run notices it: by reading the policies, and
// by the first workload that comes out otherwise. It returns ErrVerdict if one
// isn't noticed as it must be.
func Mutants(ctx context.Context, o MutantsOptions) error {
	o.Node = session.NodeOff
	if err := o.checkOnly(); err != nil {
		return usage.Fault(err)
	}
	return staged(ctx, o.Options, func(ctx context.Context, t *trial, images *stock) error {
		mutants, err := o.mutants(t.plan, images)
		if err != nil {
			return err
		}
		passed, err := (&hunt{trial: t, exceptions: o.Exceptions}).all(ctx, mutants)
		return errors.Join(passed, err)
	})
}

// checkOnly finds that no mutant is picked.
func (o MutantsOptions) checkOnly() error {
	if o.Only == nil {
		return nil
	}
	plan, err := o.Choice.Read()
	if err != nil {
		return err
	}
	mutants, err := mutant.All(plan.Policies, mutant.Place{})
	if err == nil && len(o.picked(mutants)) == 0 {
		err = hint.Add(fmt.Errorf("--only %q fits the name of no mutant", o.Only),
			"a run without it shows their names, such as %q", mutants[0].Name)
	}
	return err
}

func (o MutantsOptions) picked(mutants []mutant.Mutant) []mutant.Mutant {
	return slices.DeleteFunc(slices.Clone(mutants), func(m mutant.Mutant) bool {
		return o.Only != nil && !o.Only.MatchString(m.Name)
	})
}

func (o MutantsOptions) mutants(plan Plan, images *stock) ([]mutant.Mutant, error) {
	another, err := os.ReadFile(images.another.CA)
	if err != nil {
		return nil, fmt.Errorf("reading the CA that nobody trusts: %w", err)
	}
	mutants, err := mutant.All(plan.Policies, mutant.Place{
		Registry: images.Registries.Production, Repository: images.source.Repository, AnotherCA: string(another),
	})
	return o.picked(mutants), err
}

// A hunt is for mutants.
type hunt struct {
	*trial
	exceptions bool
	cluster    *enforcement.Cluster
	screen     *judge.Screen
}

// all tries all mutants, one after the other.
func (h *hunt) all(ctx context.Context, mutants []mutant.Mutant) (passed, err error) {
	verdicts, err := h.prepare(ctx)
	if err != nil {
		return nil, err
	}
	if verdicts != nil { // the policies without a hole don't do what they must
		return h.conclude(verdicts)
	}
	h.judged = "mutants"
	for _, m := range mutants {
		var verdict report.Verdict
		err := h.Console.Do("mutant of "+m.Name, func() (err error) {
			verdict, err = h.try(ctx, m)
			return err
		})
		if err != nil {
			return nil, err
		}
		verdicts = append(verdicts, verdict)
	}
	return h.conclude(verdicts)
}

// prepare makes the cluster enforce the policies without a hole, under which all
// workloads have to come out as they must. It returns the verdicts if they don't.
func (h *hunt) prepare(ctx context.Context) (verdicts []report.Verdict, err error) {
	h.trial.cluster.Config.WarningHandler = rest.NoWarnings{} // of what mutants do
	if err := h.Do(ctx, "apply the policies, until they are enforced", h.enforce); err != nil {
		return nil, err
	}
	if verdicts, err = h.judgeWorkloads(ctx); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(verdicts, func(v report.Verdict) bool { return !v.Passed }) {
		return verdicts, nil
	}
	return nil, h.Do(ctx, "prepare what is updated", func(ctx context.Context) (err error) {
		config := h.trial.cluster.Config
		if h.cluster, err = enforcement.New(ctx, config, h.Timeout(), h.plan.Policies); err != nil {
			return err
		}
		h.screen, err = judge.NewScreen(ctx, h.judgeOptions(), h.plan.Workloads)
		return err
	})
}
