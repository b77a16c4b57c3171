package judge

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/report"
	"container-signing/e2e/internal/workload"
)

// A Screen judges the same workloads again and again, under policies that
// change, and quicker than [Run]: the last document of each is sent as a dry
// run, and the others are applied once. It sees what the API server answers, and
// not what becomes of what it admits.
type Screen struct {
	options   Options
	trial     trial
	workloads []workload.Workload // with the references of their images
	named     []workload.Workload // with the names of their images
}

// NewScreen applies all documents but the last of each workload, under policies
// that must admit them. They stay.
func NewScreen(ctx context.Context, options Options, workloads []workload.Workload) (*Screen, error) {
	options = options.withDefaults()
	clients, err := newClients(options.Config)
	if err != nil {
		return nil, err
	}
	created := &cleanup{}
	namespace, err := namespaces{clients.typed, options.Limit, created}.prepare(ctx, workloads)
	if err != nil {
		return nil, fmt.Errorf("preparing namespaces for workloads: %w", err)
	}
	s := &Screen{options: options, named: workloads, trial: trial{
		applier: applier{clients: clients, namespace: namespace, created: created, dryRuns: true},
		images:  options.Images,
	}}
	for _, w := range workloads {
		applied := w.WithImages(options.Images.references())
		s.workloads = append(s.workloads, applied)
		for _, document := range applied.Documents[:len(applied.Documents)-1] {
			if _, err := s.trial.applier.apply(ctx, applied, document, false); err != nil {
				return nil, fmt.Errorf("applying document %d of %s: %w", document.Number, w.Name, err)
			}
		}
	}
	return s, nil
}

// First returns the verdict of a workload that comes out otherwise than it must,
// or nil if none does. The likelier ones by their names are judged first. What
// the API server can't answer doesn't count.
func (s *Screen) First(ctx context.Context, likely func(name string) int) (*report.Verdict, error) {
	order := make([]int, len(s.workloads))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return likely(s.workloads[b].Name) - likely(s.workloads[a].Name)
	})
	found, stop := context.WithCancel(ctx)
	defer stop()
	var noting sync.Mutex
	otherwise := map[int]report.Verdict{}
	var work errgroup.Group
	work.SetLimit(s.options.Parallel)
	for at, i := range order {
		work.Go(func() error {
			if found.Err() != nil {
				return nil
			}
			verdict := s.judge(found, i)
			if verdict.Passed || verdict.Seen == report.Failed {
				return nil
			}
			noting.Lock()
			defer noting.Unlock()
			otherwise[at] = verdict
			stop()
			return nil
		})
	}
	// None of them returns an error.
	_ = work.Wait()
	for at := range order {
		if verdict, ok := otherwise[at]; ok {
			return &verdict, nil
		}
	}
	return nil, context.Cause(ctx)
}

// judge sends the last document of a workload.
func (s *Screen) judge(ctx context.Context, i int) report.Verdict {
	started := time.Now()
	ctx, cancel := await.Within(ctx, s.options.Limit)
	defer cancel()
	verdict := s.trial.last(ctx, s.named[i], s.workloads[i])
	verdict.Seconds = time.Since(started).Seconds()
	return verdict
}

// last sends the last document of a workload, whose others were applied.
func (t trial) last(ctx context.Context, w, applied workload.Workload) report.Verdict {
	verdict := begin(w)
	document := applied.Last()
	kept, err := t.applier.apply(ctx, applied, document, true)
	switch {
	case err != nil && w.Refusal != nil:
		t.refused(&verdict, document, w, Classify(ctx, err))
	case err != nil:
		notAdmitted(&verdict, document, Classify(ctx, err))
	case w.Refusal != nil:
		verdict.Seen = report.Admitted
		verdict.Failure = wronglyAdmitted(document, *w.Refusal)
	default:
		verdict.Seen, verdict.Passed = report.Admitted, true
		if err := checkPinned(document.Kind, kept, t.wanted(w, len(w.Documents)-1)); err != nil {
			verdict.Passed = false
			verdict.Failure = fmt.Sprintf("document %d was admitted, but %s", document.Number, err)
		}
	}
	return verdict
}
