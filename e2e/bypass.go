package main

import (
	"context"
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
	// kubelet adds the node's name to that of a static pod.
	staticPod = judge.Bypass{Name: "bypass/static-pod", Pod: "static", Namespace: "default", Image: "unsigned", Because: becauseUnsigned}
)

// bypasses tells whether there are ways around the policies to be judged: with
// a node that would run what goes there, and policies that are known to leave
// them open.
func (r *chainRun) bypasses() bool { return r.withNode && !r.ownPolicies }

// bypassPolicy creates a pod while no policy is in force yet.
func (r *chainRun) bypassPolicy(ctx context.Context) error {
	if !r.bypasses() {
		return nil
	}
	return judge.CreateBypass(ctx, r.judgeOptions(), beforePolicy)
}

// judgeBypasses creates pods that no policy sees, and judges what containerd
// makes of them.
func (r *chainRun) judgeBypasses(ctx context.Context) ([]report.Verdict, error) {
	if !r.bypasses() {
		return nil, nil
	}
	all := append([]judge.Bypass{beforePolicy, staticPod}, bypasses...)
	all[1].Pod += "-" + node.Name
	verdicts := make([]report.Verdict, len(all))
	err := r.console.do(fmt.Sprintf("go around the policy in %d ways", len(all)), func() error {
		if err := r.placeStaticPod(); err != nil {
			return err
		}
		work, ctx := errgroup.WithContext(ctx)
		for i, bypass := range all {
			work.Go(func() error {
				if i >= 2 {
					if err := judge.CreateBypass(ctx, r.judgeOptions(), bypass); err != nil {
						return err
					}
				}
				var err error
				if verdicts[i], err = judge.JudgeBypass(ctx, r.judgeOptions(), bypass); err != nil || i == 1 {
					return err
				}
				return judge.DeleteBypass(ctx, r.judgeOptions(), bypass)
			})
		}
		return work.Wait()
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
