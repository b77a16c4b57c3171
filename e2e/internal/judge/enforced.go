package judge

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"container-signing/e2e/internal/report"
	"container-signing/e2e/internal/workload"
)

// AwaitEnforced returns when the API server refuses, for the right reason, a
// pod by each of the policies that must refuse one: only the API server itself
// can tell that it has taken notice of the webhooks of a policy that Kyverno
// calls ready, and of policies of its own, which it looks for once a second. It
// asks by dry runs, each as soon as the one before is answered, and creates
// nothing. Without such pods it returns at once.
func AwaitEnforced(ctx context.Context, options Options, workloads []workload.Workload) error {
	j, err := newJudge(options)
	if err != nil {
		return err
	}
	probes := probesOf(workloads)
	if len(probes) == 0 {
		return nil
	}
	if err := j.awaitServiceAccount(ctx, metav1.NamespaceDefault); err != nil {
		return err
	}
	for _, probe := range probes {
		if err := j.awaitRefused(ctx, probe); err != nil {
			return err
		}
	}
	return nil
}

// awaitRefused returns when the API server refuses a pod as it must.
func (j *judge) awaitRefused(ctx context.Context, probe workload.Workload) error {
	document := probe.WithImages(j.references).Last()
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

// probesOf returns, for each policy, the first workload that it must refuse of
// those that are a single pod and name no namespace.
func probesOf(workloads []workload.Workload) []workload.Workload {
	var all []workload.Workload
	policies := map[string]bool{}
	for _, w := range workloads {
		last := w.Last()
		isPod := len(w.Documents) == 1 && last.Kind.Kind == "Pod" && last.Object.GetNamespace() == ""
		if w.Refusal != nil && isPod && !policies[w.Refusal.Policy] {
			policies[w.Refusal.Policy] = true
			all = append(all, w)
		}
	}
	return all
}
