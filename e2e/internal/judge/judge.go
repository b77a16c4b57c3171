// Package judge applies workloads to a cluster and compares what happens
// with what must happen, and why.
//
// A workload that must be admitted has to be admitted whole, and every image
// of what the API server keeps of it, and of the pods that controllers make
// of it, has to be pinned to the digest that is expected. A workload that
// must be refused has to be refused by an admission webhook that names the
// expected policy and gives the expected reason: a manifest that is invalid,
// or a webhook that can't be reached, proves nothing about a policy.
package judge

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"container-signing/e2e/internal/report"
	"container-signing/e2e/internal/workload"
)

// Images maps the names by which workloads call images to the images.
type Images map[string]Image

// An Image is what a name in a workload stands for.
type Image struct {
	// Reference is put into the manifests.
	Reference string
	// Digest is what an admitted image must be pinned to, such as
	// "sha256:…".
	Digest string
	// SameContent are digests by which a container runtime may call it as
	// well: it knows images by their configuration, and names the first that
	// it has pulled of those that share one.
	SameContent []string
}

// Options say how to judge.
type Options struct {
	// Config connects to the cluster as somebody who may create namespaces
	// and workloads.
	Config *rest.Config
	// Images are the images that workloads call by name. Images that aren't
	// here are taken as they are, and must be pinned to some digest.
	Images Images
	// Limit bounds the time for one workload; 0 means DefaultLimit.
	Limit time.Duration
	// Parallel is how many workloads are judged at a time; 0 means
	// DefaultParallel.
	Parallel int
	// HasNode says that the cluster has a node: admitted pods must run then,
	// and Jobs complete.
	HasNode bool
	// OnRunning is told each time that an admitted pod is seen to do what it
	// must, maybe several at a time; nil if nobody wants to know.
	OnRunning func()
	// Keep leaves what was created in the cluster.
	Keep bool
	// OnVerdict is told each verdict as it is reached, one at a time; nil
	// if nobody wants to know.
	OnVerdict func(report.Verdict)
}

const (
	// DefaultLimit is longer than an admission webhook may take (30 s).
	DefaultLimit = time.Minute
	// DefaultParallel was the quickest on two cores: more only wait for the
	// same processors.
	DefaultParallel = 8
)

// Run judges all workloads and returns their verdicts in the order of the
// workloads. Whether they passed is for the verdicts to tell; an error says
// that not all could be judged. What was created is deleted at the end, also
// after an error, and the deletion goes on in the cluster after Run returns.
func Run(ctx context.Context, options Options, workloads []workload.Workload) ([]report.Verdict, error) {
	j, err := newJudge(options)
	if err != nil {
		return nil, err
	}
	if err := j.prepare(ctx, workloads); err != nil {
		return nil, fmt.Errorf("preparing namespaces for workloads: %w", j.withCleanup(ctx, err))
	}
	verdicts := j.all(ctx, workloads)
	return verdicts, j.withCleanup(ctx, context.Cause(ctx))
}

// A judge is one run.
type judge struct {
	Options
	dynamic    dynamic.Interface
	typed      kubernetes.Interface
	references map[string]string // by the names of images
	namespace  string            // of workloads that name none
	created    cleanup

	telling sync.Mutex
}

func newJudge(options Options) (*judge, error) {
	j := &judge{Options: options, references: map[string]string{}}
	if j.Limit == 0 {
		j.Limit = DefaultLimit
	}
	if j.Parallel == 0 {
		j.Parallel = DefaultParallel
	}
	for name, image := range options.Images {
		j.references[name] = image.Reference
	}
	var err error
	if j.dynamic, err = dynamic.NewForConfig(options.Config); err != nil {
		return nil, fmt.Errorf("making a client of the cluster: %w", err)
	}
	if j.typed, err = kubernetes.NewForConfig(options.Config); err != nil {
		return nil, fmt.Errorf("making a client of the cluster: %w", err)
	}
	return j, nil
}

// all judges the workloads side by side.
func (j *judge) all(ctx context.Context, workloads []workload.Workload) []report.Verdict {
	verdicts := make([]report.Verdict, len(workloads))
	var work errgroup.Group
	work.SetLimit(j.Parallel)
	for i, w := range workloads {
		work.Go(func() error {
			verdicts[i] = j.one(ctx, w)
			return nil
		})
	}
	// None of them returns an error: verdicts hold them.
	_ = work.Wait()
	return verdicts
}

// one judges one workload within the limit of time.
func (j *judge) one(ctx context.Context, w workload.Workload) report.Verdict {
	started := time.Now()
	ctx, cancel := j.limited(ctx)
	defer cancel()
	verdict := j.newTrial(w).run(ctx)
	verdict.Seconds = time.Since(started).Seconds()
	if j.OnVerdict != nil {
		j.telling.Lock()
		defer j.telling.Unlock()
		j.OnVerdict(verdict)
	}
	return verdict
}
