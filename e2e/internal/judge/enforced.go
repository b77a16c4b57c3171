package judge

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"container-signing/e2e/internal/report"
	"container-signing/e2e/internal/workload"
)

// AwaitEnforced returns when the API server refuses, for the right reason, a
// pod of the workloads that must be refused: only the API server itself can
// tell that it has taken notice of the webhooks of a policy that Kyverno
// calls ready. It asks by dry runs, each as soon as the one before is
// answered, and creates nothing. Without such a workload it returns at once.
func AwaitEnforced(ctx context.Context, options Options, workloads []workload.Workload) error {
	j, err := newJudge(options)
	if err != nil {
		return err
	}
	probe := probeOf(workloads)
	if probe == nil {
		return nil
	}
	if err := j.awaitServiceAccount(ctx, metav1.NamespaceDefault); err != nil {
		return err
	}
	mapped := probe.WithImages(j.references)
	document := mapped.Last()
	pods := j.dynamic.Resource(document.Kind.GroupVersionResource()).Namespace(metav1.NamespaceDefault)
	for {
		_, err := pods.Create(ctx, document.Object, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		last := "it admits it"
		if err != nil {
			said := classify(ctx, err)
			if said.seen == report.Refused && fitsPolicy(said.reason, probe.Refusal.Policy) && probe.Refusal.Because.MatchString(said.reason) {
				return nil
			}
			last = said.reason
		}
		if ctx.Err() != nil {
			return fmt.Errorf("waiting for the API server to refuse %s by policy %q: %w; its last answer: %s",
				probe.Name, probe.Refusal.Policy, context.Cause(ctx), last)
		}
	}
}

// probeOf returns a workload that is a single pod, names no namespace, and
// must be refused.
func probeOf(workloads []workload.Workload) *workload.Workload {
	for _, w := range workloads {
		last := w.Last()
		if w.Refusal != nil && len(w.Documents) == 1 && last.Kind.Kind == "Pod" && last.Object.GetNamespace() == "" {
			return &w
		}
	}
	return nil
}
