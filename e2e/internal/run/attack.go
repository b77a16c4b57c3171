package run

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/policy"
	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/report"
	"container-signing/e2e/internal/repository"
	"container-signing/e2e/internal/session"
	"container-signing/e2e/internal/supply"
	"container-signing/e2e/internal/usage"
	"container-signing/e2e/internal/workload"
	"container-signing/internal/hint"
	"container-signing/tools"
)

// A Target is what is attacked: a cluster of the user's, whatever enforces there.
type Target struct {
	ExistingCluster
	// Repository is one for images that must not run, which has nothing else.
	Repository reference.Reference
	// Signed is an image that the cluster must admit; nil if nobody knows one.
	Signed *reference.Reference
	// Policies is a folder with those of the cluster, which its administrators try
	// to take off; empty for no such try.
	Policies string
	Report   string // folder to write the report to; empty for none
}

// Attack tries on a cluster all that the project knows of to get an image in that
// nobody has signed, and reports which lock answered. Nothing of it stays.
func Attack(ctx context.Context, settings session.Settings, target Target) error {
	root, err := tools.Root()
	if err != nil {
		return usage.Fault(err)
	}
	plan := Plan{Name: "attack", Report: target.Report}
	if plan.Workloads, err = workload.Load(filepath.Join(root, "policies", "workloads")); err != nil {
		return usage.Fault(err)
	}
	if target.Policies != "" {
		if plan.Policies, err = policy.Load(target.Policies); err != nil {
			return usage.Fault(err)
		}
	}
	if err := checkWritable(target.Report); err != nil {
		return usage.Fault(err)
	}
	reader, err := repository.AsUser()
	if err != nil {
		return err
	}
	programs, err := session.Build(ctx, "oras", "busybox")
	if err != nil {
		return err
	}
	return try(ctx, settings, programs, plan, func(ctx context.Context, t *trial) error {
		t.cluster, t.foreign, t.hasNode = target.Cluster, true, target.Runs
		images := newScratch(t.Session, reader, target)
		return t.attack(ctx, target, images)
	})
}

// attack returns ErrVerdict if not all is as expected. That includes its own
// steps: what it couldn't delete again is in the table too.
func (t *trial) attack(ctx context.Context, target Target, images *scratch) error {
	if err := t.awaitCluster(ctx, target.Await); err != nil {
		return err
	}
	if err := t.Do(ctx, "reach the cluster", target.Reach); err != nil {
		return err
	}
	if err := t.Do(ctx, "look into the repository", images.checkEmpty); err != nil {
		return err
	}
	verdicts, err := t.attackAll(ctx, target, images)
	err = errors.Join(err, t.remove(ctx, images))
	if len(verdicts) == 0 || ctx.Err() != nil {
		return err
	}
	passed, untold := t.conclude(verdicts)
	if passed == nil {
		return errors.Join(err, untold)
	}
	return passed
}

// remove deletes the images. It also does so when ctx has ended, which is when it
// matters most.
func (t *trial) remove(ctx context.Context, images *scratch) error {
	err := t.Do(context.WithoutCancel(ctx), "delete the images", images.remove)
	if err != nil && ctx.Err() != nil {
		t.Console.Say(hint.Text(err)) // who ended the run is told that and nothing else
	}
	return err
}

// attackAll pushes the images and tries all. Verdicts are returned with an error
// too, as far as there are any.
func (t *trial) attackAll(ctx context.Context, target Target, images *scratch) ([]report.Verdict, error) {
	if err := t.Do(ctx, "push what an intruder would to "+target.Repository.String(), images.push); err != nil {
		return nil, err
	}
	verdicts, err := t.attackWorkloads(ctx, target, images)
	if err != nil || len(t.plan.Policies) == 0 {
		return verdicts, err
	}
	more, err := t.takeOff(ctx, "")
	return append(verdicts, more...), err
}

// anyKind is that of any policy with which a request fails by a known fault: which
// ones a cluster of the user's has nobody knows.
var anyKind = []string{"ClusterPolicy"}

// attackWorkloads judges the workloads, and the one with the tag that is moved.
func (t *trial) attackWorkloads(ctx context.Context, target Target, images *scratch) ([]report.Verdict, error) {
	options := judge.Options{
		Config: t.cluster.Config, Images: images.images(), HasNode: target.Runs, AnyLock: true, DryRuns: !target.Runs,
		AwaitGone: true,
	}
	t.cluster.Config.WarningHandler = t.Console
	kept, without := possible(t.plan.Workloads, options.Images, anyKind)
	if without > 0 {
		t.Console.Note(fmt.Sprintf(
			"%d attacks are left out: they need a signed image, a key of its signer or CA, or a registry on loopback",
			without))
	}
	var verdicts []report.Verdict
	err := t.Console.Do(fmt.Sprintf("attack in %d ways", len(kept)), func() (err error) {
		verdicts, err = judge.Run(ctx, options, kept)
		return err
	})
	again := afterwards(kept)
	if err != nil || len(again) == 0 {
		return verdicts, err
	}
	err = t.Console.Do("move a signed tag to the unsigned image, attack again", func() error {
		if err := images.moveTo(ctx, supply.Unsigned); err != nil {
			return err
		}
		more, err := judge.Run(ctx, options, again)
		verdicts = append(verdicts, more...)
		return err
	})
	return verdicts, err
}
