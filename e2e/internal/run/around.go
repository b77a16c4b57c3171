package run

import (
	"context"
	"errors"
	"fmt"

	"container-signing/e2e/internal/bypass"
	"container-signing/e2e/internal/node"
	"container-signing/e2e/internal/report"
)

// hasBypasses tells whether there are ways around the policies to be judged:
// with a node that would run what goes there, and policies that are known to
// leave them open.
func (t *trial) hasBypasses() bool {
	return t.hasNode && !t.plan.OwnPolicies && (!t.foreign || t.bypass)
}

func (t *trial) bypassed() bypass.Cluster {
	return bypass.Cluster{Config: t.cluster.Config, Images: t.judgeOptions().Images}
}

// goAroundFirst creates a pod while no policy is in force yet.
func (t *trial) goAroundFirst(ctx context.Context) error {
	if !t.hasBypasses() || t.foreign {
		return nil // another's policies may be there already
	}
	return bypass.CreateBeforePolicy(ctx, t.bypassed())
}

// ctrPull pulls as an administrator of the node does with containerd's own
// tool.
func (t *trial) ctrPull(ctx context.Context, reference string) error {
	ctr := t.Tool("ctr")
	ctr.Dir = t.nodeFolder()
	_, err := ctr.Run(ctx, "--address", node.RuntimeSocket, "--namespace", "k8s.io",
		"images", "pull", "--plain-http", reference)
	return err
}

// goAround creates pods that no policy sees, pulls by hand where the node is
// this run's own, and judges what containerd makes of it.
func (t *trial) goAround(ctx context.Context) (verdicts []report.Verdict, err error) {
	if !t.hasBypasses() {
		return nil, nil
	}
	var own *bypass.Node
	if !t.foreign {
		runtime, opening := node.OpenRuntime(t.nodeFolder())
		if opening != nil {
			return nil, opening
		}
		defer func() { err = errors.Join(err, runtime.Close()) }()
		own = &bypass.Node{
			Name: node.Name, StaticPods: node.StaticPods(t.nodeFolder()), Runtime: runtime, CtrPull: t.ctrPull,
		}
	}
	err = t.Console.Do(fmt.Sprintf("go around the policy in %d ways", bypass.Count(own)), func() (err error) {
		verdicts, err = bypass.Ways(ctx, t.bypassed(), own)
		return err
	})
	return verdicts, err
}

// restart restarts containerd and kubelet under the pods of the run, and takes
// the node's lock off and puts it on again meanwhile.
func (t *trial) restart(ctx context.Context) (verdicts []report.Verdict, err error) {
	if !t.hasNode || t.foreign {
		return nil, nil
	}
	runtime, err := node.OpenRuntime(t.nodeFolder())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, runtime.Close()) }()
	lock := t.lock(runtime)
	keep := func(verdict report.Verdict, err error) error {
		verdicts = append(verdicts, verdict)
		return err
	}
	do := func(ctx context.Context) error {
		err := keep(lock.JudgeOff(ctx, t.bypassed()))
		return errors.Join(err, node.Restart(ctx, t.nodeFolder()))
	}
	err = t.Console.Do("take the node's lock off, restart containerd and kubelet under the pods", func() error {
		return keep(bypass.JudgeRestart(ctx, t.bypassed(), bypass.Restart{
			Do: do, Running: runtime.Running, Processes: node.ServiceProcesses,
		}))
	})
	if err != nil {
		return nil, err
	}
	err = t.Console.Do("see the node's lock on again", func() error {
		return keep(lock.JudgeOn(ctx, t.bypassed()))
	})
	return verdicts, err
}

// lock is the image verifier of this run's own node.
func (t *trial) lock(runtime *node.Runtime) bypass.Lock {
	const setting = "discard_unpacked_layers = true"
	return bypass.Lock{
		Runtime: runtime, Remove: runtime.Remove, Setting: setting, File: node.DropIn,
		TakeOff: func(ctx context.Context) error {
			return node.RestartWithDropIn(ctx, t.nodeFolder(), "version = 3\n"+
				"[plugins.\"io.containerd.cri.v1.images\"]\n"+setting+"\n")
		},
		Doctor: func(ctx context.Context) (int, string, error) {
			diagnosis, err := node.Diagnose(ctx, t.nodeFolder())
			return diagnosis.Status, diagnosis.Text, err
		},
	}
}
