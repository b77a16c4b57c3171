package run

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"container-signing/e2e/internal/cluster"
	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/report"
	"container-signing/e2e/internal/session"
	"container-signing/e2e/internal/supply"
	"container-signing/internal/hint"
	"container-signing/tools"
)

// ErrVerdict says that the run went through, and that not all is as expected.
var ErrVerdict = fmt.Errorf("%w: the table says what isn't", session.ErrConcluded)

// A trial judges what a cluster admits, and reports it.
type trial struct {
	*session.Session
	plan    Plan
	cluster *cluster.Cluster
	ca      string // file of the CA to trust
	// supply are the images that workloads call by name; nil if these name
	// real images.
	supply  *supply.Supply
	foreign bool // the cluster isn't of this run
	hasNode bool
	locked  bool // the API server keeps the policies
	bypass  bool // the nodes of a foreign cluster verify images too

	judged       string // what the verdicts are about, if no workloads
	concluded    bool   // the report is written
	firstRunning atomic.Pointer[time.Time]
}

// try calls do with a trial, and writes the report of one that an error has
// kept from coming to its end.
func try(
	ctx context.Context, settings session.Settings, programs tools.Programs, plan Plan,
	do func(context.Context, *trial) error,
) error {
	t := &trial{plan: plan}
	err := session.Run(ctx, settings, programs, func(ctx context.Context, s *session.Session) error {
		t.Session = s
		return do(ctx, t)
	})
	if err == nil || errors.Is(err, session.ErrConcluded) || t.Session == nil {
		return err
	}
	return t.abort(err)
}

// abort writes the report, if one is wanted, of a run that cause has ended
// early, and hands cause on.
func (t *trial) abort(cause error) error {
	if t.plan.Report == "" || t.concluded {
		return cause
	}
	result, err := t.result()
	if err != nil {
		return errors.Join(cause, err)
	}
	result.Error = hint.Text(cause)
	return errors.Join(cause, result.Write(t.plan.Report))
}

// result is what is known at any moment.
func (t *trial) result() (report.Report, error) {
	versions, err := tools.Versions()
	started := t.Console.Started()
	var firstRunning float64
	if at := t.firstRunning.Load(); at != nil {
		firstRunning = at.Sub(started).Seconds()
	}
	var exemptions []string
	for _, one := range t.plan.Exemptions {
		exemptions = append(exemptions, one.String())
	}
	return report.Report{
		Name: t.plan.Name, Judged: t.judged, Started: started, Seconds: time.Since(started).Seconds(),
		FirstRunningSeconds: firstRunning, Exemptions: exemptions,
		Versions: versions, Steps: t.Console.Steps(), Images: t.reportedImages(),
	}, err
}

func (t *trial) reportedImages() []report.Image {
	if t.supply == nil {
		return nil
	}
	var images []report.Image
	named := Images(t.supply.State)
	for _, name := range slices.Sorted(maps.Keys(named)) {
		image := report.Image{Name: name, Reference: named[name].Reference, Digest: named[name].Digest}
		if name == "signed" {
			image.SignatureDigest = t.supply.Signature
		}
		images = append(images, image)
	}
	return images
}

func (t *trial) judgeOptions() judge.Options {
	var images judge.Images
	if t.supply != nil {
		images = Images(t.supply.State)
	}
	return judge.Options{
		Config: t.cluster.Config, Images: images, Keep: !t.foreign, HasNode: t.hasNode, OnRunning: t.noteRunning,
	}
}

// noteRunning records when the first admitted pod runs.
func (t *trial) noteRunning() {
	now := time.Now()
	t.firstRunning.CompareAndSwap(nil, &now)
}
