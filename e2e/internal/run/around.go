package run

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
func (t *trial) hasBypasses() bool {
	return t.hasNode && !t.plan.OwnPolicies && (!t.foreign || t.bypass)
}

// bypassPolicy creates a pod while no policy is in force yet.
func (t *trial) goAroundFirst(ctx context.Context) error {
	if !t.hasBypasses() || t.foreign {
		return nil // another's policies may be there already
	}
	return judge.CreateBypass(ctx, t.judgeOptions(), beforePolicy)
}

// pulls are pulls by hand, by the two interfaces that containerd has for them.
func (t *trial) pulls(runtime *node.Runtime) []judge.Pull {
	return []judge.Pull{
		{Name: "bypass/ctr-pull", Image: "unsigned", Because: becauseUnsigned, Do: t.ctrPull},
		{Name: "bypass/cri-pull", Image: "unsigned", Because: becauseUnsigned, Do: runtime.Pull},
		{Name: "bypass/cri-pull-another-ca", Image: "signed-by-another-ca", Because: becauseUntrusted, Do: runtime.Pull},
		{Name: "bypass/cri-pull-signed", Image: "signed", Do: runtime.Pull},
	}
}

// ctrPull pulls as an administrator of the node does with containerd's own
// tool.
func (t *trial) ctrPull(ctx context.Context, reference string) error {
	ctr := t.Tool("ctr")
	ctr.Dir = t.nodeFolder()
	_, err := ctr.Run(ctx, "--address", node.RuntimeSocket, "--namespace", "k8s.io", "images", "pull", "--plain-http", reference)
	return err
}

// judgeBypasses creates pods that no policy sees, pulls by hand where the node
// is this run's own, and judges what containerd makes of it.
func (t *trial) goAround(ctx context.Context) (verdicts []report.Verdict, err error) {
	if !t.hasBypasses() {
		return nil, nil
	}
	pods := bypasses
	var pulls []judge.Pull
	var has func(context.Context, string) (bool, error)
	if !t.foreign {
		runtime, opening := node.OpenRuntime(t.nodeFolder())
		if opening != nil {
			return nil, opening
		}
		defer func() { err = errors.Join(err, runtime.Close()) }()
		pods, pulls, has = append([]judge.Bypass{beforePolicy, staticPod}, pods...), t.pulls(runtime), runtime.Has
		if err := t.placeStaticPod(); err != nil {
			return nil, err
		}
	}
	verdicts = make([]report.Verdict, len(pods)+len(pulls))
	err = t.Console.Do(fmt.Sprintf("go around the policy in %d ways", len(verdicts)), func() error {
		work, ctx := errgroup.WithContext(ctx)
		for i, bypass := range pods {
			work.Go(func() error {
				var err error
				verdicts[i], err = t.judgeBypass(ctx, bypass)
				return err
			})
		}
		for i, pull := range pulls {
			work.Go(func() error {
				var err error
				verdicts[len(pods)+i], err = judge.JudgePull(ctx, t.judgeOptions(), pull, has)
				return err
			})
		}
		return work.Wait()
	})
	return verdicts, err
}

// judgeBypass judges a pod, which it creates and deletes unless others do.
func (t *trial) judgeBypass(ctx context.Context, bypass judge.Bypass) (report.Verdict, error) {
	options := t.judgeOptions()
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
func (t *trial) restart(ctx context.Context) (verdicts []report.Verdict, err error) {
	if !t.hasNode || t.foreign {
		return nil, nil
	}
	runtime, err := node.OpenRuntime(t.nodeFolder())
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, runtime.Close()) }()
	restart := judge.Restart{
		Name: "restart/deployment", Deployment: "stays", Image: "signed",
		Do:      func(ctx context.Context) error { return node.Restart(ctx, t.nodeFolder()) },
		Running: runtime.Running,
	}
	err = t.Console.Do("restart containerd and kubelet under the pods", func() error {
		verdict, err := judge.JudgeRestart(ctx, t.judgeOptions(), restart)
		verdicts = append(verdicts, verdict)
		return err
	})
	return verdicts, err
}

// placeStaticPod gives kubelet a pod that the API server isn't asked about.
func (t *trial) placeStaticPod() error {
	manifest, err := yaml.Marshal(staticPod.Manifest(Images(t.supply.State)))
	if err != nil {
		return fmt.Errorf("encoding a static pod: %w", err)
	}
	file := filepath.Join(node.StaticPods(t.nodeFolder()), staticPod.Pod+".yaml")
	if err := os.WriteFile(file, manifest, 0o600); err != nil {
		return fmt.Errorf("writing a static pod: %w", err)
	}
	return nil
}
