package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/yaml"

	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/node"
	"container-signing/e2e/internal/report"
)

var (
	becauseUnsigned  = regexp.MustCompile(`no Notation signature on `)
	becauseUntrusted = regexp.MustCompile(`accepts no Notation signature on .*does not contain any trusted certificate`)
)

// excluded is a namespace that the policies leave out.
const excluded = "kube-system"

// The ways around admission: containerd's image verifier is the only lock that
// is left there.
var (
	beforePolicy = judge.Bypass{Name: "bypass/pod-before-the-policy", Pod: "before-the-policy", Namespace: "default", Image: "unsigned", Because: becauseUnsigned}
	bypasses     = []judge.Bypass{
		{Name: "bypass/pod-in-" + excluded, Pod: "unsigned", Namespace: excluded, Image: "unsigned", Because: becauseUnsigned},
		{Name: "bypass/pod-in-" + excluded + "-another-ca", Pod: "another-ca", Namespace: excluded, Image: "signed-by-another-ca", Because: becauseUntrusted},
		{Name: "bypass/pod-in-" + excluded + "-copied", Pod: "copied", Namespace: excluded, Image: "copied-without-signature", Because: becauseUnsigned},
		{Name: "bypass/pod-in-" + excluded + "-signed", Pod: "signed", Namespace: excluded, Image: "signed"},
	}
	staticPod = judge.Bypass{Name: "bypass/static-pod", Pod: "static", Namespace: "default", Image: "unsigned", Because: becauseUnsigned}
)

// bypasses tells whether there are ways around the policies to be judged: with
// a node that would run what goes there, and policies that are known to leave
// them open.
func (r *chainRun) bypasses() bool {
	return r.withNode && !r.ownPolicies && (!r.foreign || r.bypass)
}

// bypassPolicy creates a pod while no policy is in force yet.
func (r *chainRun) bypassPolicy(ctx context.Context) error {
	if !r.bypasses() || r.foreign {
		return nil // another's policies may be there already
	}
	return judge.CreateBypass(ctx, r.judgeOptions(), beforePolicy)
}

// pulls are pulls by hand, by the two interfaces that containerd has for them.
func (r *chainRun) pulls(runtime *node.Runtime) []judge.Pull {
	return []judge.Pull{
		{Name: "bypass/ctr-pull", Image: "unsigned", Because: becauseUnsigned, Do: r.ctrPull},
		{Name: "bypass/cri-pull", Image: "unsigned", Because: becauseUnsigned, Do: runtime.Pull},
		{Name: "bypass/cri-pull-another-ca", Image: "signed-by-another-ca", Because: becauseUntrusted, Do: runtime.Pull},
		{Name: "bypass/cri-pull-signed", Image: "signed", Do: runtime.Pull},
	}
}

// ctrPull pulls as an administrator of the node does with containerd's own
// tool.
func (r *chainRun) ctrPull(ctx context.Context, reference string) error {
	ctr := r.tool(r.programs["ctr"])
	ctr.Dir = r.nodeFolder()
	_, err := ctr.Run(ctx, "--address", node.RuntimeSocket, "--namespace", "k8s.io", "images", "pull", "--plain-http", reference)
	return err
}

// judgeBypasses creates pods that no policy sees, pulls by hand where the node
// is this run's own, and judges what containerd makes of it.
func (r *chainRun) judgeBypasses(ctx context.Context) (verdicts []report.Verdict, err error) {
	if !r.bypasses() {
		return nil, nil
	}
	pods := bypasses
	var pulls []judge.Pull
	var has func(context.Context, string) (bool, error)
	if !r.foreign {
		runtime, opening := node.OpenRuntime(r.nodeFolder())
		if opening != nil {
			return nil, opening
		}
		defer func() { err = errors.Join(err, runtime.Close()) }()
		pods, pulls, has = append([]judge.Bypass{beforePolicy, staticPod}, pods...), r.pulls(runtime), runtime.Has
		if err := r.placeStaticPod(); err != nil {
			return nil, err
		}
	}
	verdicts = make([]report.Verdict, len(pods)+len(pulls))
	err = r.console.Do(fmt.Sprintf("go around the policy in %d ways", len(verdicts)), func() error {
		work, ctx := errgroup.WithContext(ctx)
		for i, bypass := range pods {
			work.Go(func() error {
				var err error
				verdicts[i], err = r.judgeBypass(ctx, bypass)
				return err
			})
		}
		for i, pull := range pulls {
			work.Go(func() error {
				var err error
				verdicts[len(pods)+i], err = judge.JudgePull(ctx, r.judgeOptions(), pull, has)
				return err
			})
		}
		return work.Wait()
	})
	return verdicts, err
}

// judgeBypass judges a pod, which it creates and deletes unless others do.
func (r *chainRun) judgeBypass(ctx context.Context, bypass judge.Bypass) (report.Verdict, error) {
	options := r.judgeOptions()
	switch bypass.Name {
	case staticPod.Name:
		// kubelet adds the node's name to that of a static pod.
		bypass.Pod += "-" + node.Name
		return judge.JudgeBypass(ctx, options, bypass)
	case beforePolicy.Name: // it has been created
	default:
		if err := judge.CreateBypass(ctx, options, bypass); err != nil {
			return report.Verdict{}, err
		}
	}
	verdict, err := judge.JudgeBypass(ctx, options, bypass)
	if err != nil {
		return verdict, err
	}
	return verdict, judge.DeleteBypass(ctx, options, bypass)
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
	restart := judge.Restart{
		Name: "restart/deployment", Deployment: "stays", Image: "signed",
		Do:      func(ctx context.Context) error { return node.Restart(ctx, r.nodeFolder()) },
		Running: runtime.Running,
	}
	err = r.console.Do("restart containerd and kubelet under the pods", func() error {
		verdict, err := judge.JudgeRestart(ctx, r.judgeOptions(), restart)
		verdicts = append(verdicts, verdict)
		return err
	})
	return verdicts, err
}

// placeStaticPod gives kubelet a pod that the API server isn't asked about.
func (r *chainRun) placeStaticPod() error {
	manifest, err := yaml.Marshal(staticPod.Manifest(r.supply.images()))
	if err != nil {
		return fmt.Errorf("encoding a static pod: %w", err)
	}
	file := filepath.Join(node.StaticPods(r.nodeFolder()), staticPod.Pod+".yaml")
	if err := os.WriteFile(file, manifest, 0o600); err != nil {
		return fmt.Errorf("writing a static pod: %w", err)
	}
	return nil
}
