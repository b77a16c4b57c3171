package bypass

import (
	"context"
	"time"

	"k8s.io/client-go/kubernetes"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/report"
)

// A try is a way that can be gone now.
type try struct {
	prepare func(context.Context) error // or nil
	judge   func(context.Context) report.Verdict
	finish  func(context.Context) error // or nil
}

// tries lists all ways: those by the API server, and those of a node.
func tries(client kubernetes.Interface, images judge.Images, node *Node) []try {
	var all []try
	if node != nil {
		static := staticPod
		static.pod += "-" + node.Name // by which kubelet calls it
		all = append(all,
			try{judge: beforePolicy.judging(client, images), finish: beforePolicy.deleting(client)},
			try{
				prepare: func(context.Context) error { return staticPod.place(node.StaticPods, images) },
				judge:   static.judging(client, images),
			})
	}
	for _, pod := range excludedPods {
		all = append(all, try{
			prepare: func(ctx context.Context) error { return pod.create(ctx, client, images) },
			judge:   pod.judging(client, images), finish: pod.deleting(client),
		})
	}
	if node != nil {
		for _, pull := range pulls(*node) {
			all = append(all, try{judge: func(ctx context.Context) report.Verdict {
				return pull.judge(ctx, images[pull.image], node.Runtime.Has)
			}})
		}
	}
	return all
}

func (p podWay) judging(client kubernetes.Interface, images judge.Images) func(context.Context) report.Verdict {
	return func(ctx context.Context) report.Verdict { return p.judge(ctx, client, images[p.image]) }
}

func (p podWay) deleting(client kubernetes.Interface) func(context.Context) error {
	return func(ctx context.Context) error { return p.delete(ctx, client) }
}

// do goes a way, and judges what happens within the limit. That ctx ends is no
// verdict on anything: it returns the cause of that.
func (t try) do(ctx context.Context, limit time.Duration) (report.Verdict, error) {
	started := time.Now()
	bounded, cancel := await.Within(ctx, limit)
	defer cancel()
	if t.prepare != nil {
		if err := t.prepare(bounded); err != nil {
			return report.Verdict{}, err
		}
	}
	verdict := t.judge(bounded)
	if ctx.Err() != nil {
		return report.Verdict{}, context.Cause(ctx)
	}
	verdict.Seconds = time.Since(started).Seconds()
	if t.finish != nil {
		return verdict, t.finish(ctx)
	}
	return verdict, nil
}
