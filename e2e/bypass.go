package main

import (
	"context"
	"errors"
	"fmt"

	"container-signing/e2e/internal/bypass"
	"container-signing/e2e/internal/node"
	"container-signing/e2e/internal/report"
)

// bypasses tells whether there are ways around the policies to be judged: with
// a node that would run what goes there, and policies that are known to leave
// them open.
func (r *chainRun) bypasses() bool {
	return r.withNode && !r.ownPolicies && (!r.foreign || r.bypass)
}

func (r *chainRun) bypassed() bypass.Cluster {
	return bypass.Cluster{Config: r.cluster.Config, Images: r.supply.images()}
}

// bypassPolicy creates a pod while no policy is in force yet.
func (r *chainRun) bypassPolicy(ctx context.Context) error {
	if !r.bypasses() || r.foreign {
		return nil // another's policies may be there already
	}
	return bypass.CreateBeforePolicy(ctx, r.bypassed())
}

// ctrPull pulls as an administrator of the node does with containerd's own
// tool.
func (r *chainRun) ctrPull(ctx context.Context, reference string) error {
	ctr := r.tool(r.programs["ctr"])
	ctr.Dir = r.nodeFolder()
	_, err := ctr.Run(ctx, "--address", node.RuntimeSocket, "--namespace", "k8s.io",
		"images", "pull", "--plain-http", reference)
	return err
}

// judgeBypasses creates pods that no policy sees, pulls by hand where the node
// is this run's own, and judges what containerd makes of it.
func (r *chainRun) judgeBypasses(ctx context.Context) (verdicts []report.Verdict, err error) {
	if !r.bypasses() {
		return nil, nil
	}
	var own *bypass.Node
	if !r.foreign {
		runtime, opening := node.OpenRuntime(r.nodeFolder())
		if opening != nil {
			return nil, opening
		}
		defer func() { err = errors.Join(err, runtime.Close()) }()
		own = &bypass.Node{
			Name: node.Name, StaticPods: node.StaticPods(r.nodeFolder()), Runtime: runtime, CtrPull: r.ctrPull,
		}
	}
	err = r.console.do(fmt.Sprintf("go around the policy in %d ways", bypass.Count(own)), func() (err error) {
		verdicts, err = bypass.Ways(ctx, r.bypassed(), own)
		return err
	})
	return verdicts, err
}

// judgeRestart restarts containerd and kubelet under the pods of the run.
func (r *chainRun) judgeRestart(ctx context.Context) (verdicts []report.Verdict, err error) {
	if !r.withNode || r.foreign {
		return nil, nil
	}
	runtime, err := node.OpenRuntime(r.nodeFolder())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, runtime.Close()) }()
	err = r.console.do("restart containerd and kubelet under the pods", func() error {
		verdict, err := bypass.JudgeRestart(ctx, r.bypassed(), bypass.Restart{
			Do:      func(ctx context.Context) error { return node.Restart(ctx, r.nodeFolder()) },
			Running: runtime.Running, Processes: node.Processes,
		})
		verdicts = append(verdicts, verdict)
		return err
	})
	return verdicts, err
}
