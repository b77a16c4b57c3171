package judge

import (
	"context"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/report"
	"container-signing/e2e/internal/workload"
)

// ErrNotEnforced says that a policy wasn't seen to refuse what it must within
// the time for it. The workloads can still be judged, which may tell why; but
// whatever the verdicts are, the run can't pass.
var ErrNotEnforced = errors.New("the policies aren't enforced")

// AwaitEnforced returns when the API server refuses, for the right reason, a
// pod by each of the policies that must refuse one: only the API server itself
// can tell that it has taken notice of the webhooks of a policy that Kyverno
// calls ready, and of policies of its own, which it looks for once a second. It
// asks by dry runs, each as soon as the one before is answered, and creates
// nothing. Without such pods it returns at once. The limit of the
// options bounds it as a whole; what is missing by then is an ErrNotEnforced.
func AwaitEnforced(ctx context.Context, options Options, workloads []workload.Workload) error {
	options = options.withDefaults()
	clients, err := newClients(options.Config)
	if err != nil {
		return err
	}
	bounded, cancel := await.Within(ctx, options.Limit)
	defer cancel()
	probes := probesOf(workloads)
	if len(probes) == 0 {
		return nil
	}
	if err := await.ServiceAccount(bounded, clients.typed, metav1.NamespaceDefault); err != nil {
		return err
	}
	for _, probe := range probes {
		err := awaitRefused(bounded, clients.dynamic, probe, options.Images)
		if err != nil && ctx.Err() == nil {
			err = fmt.Errorf("%w: %w", ErrNotEnforced, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// awaitRefused returns when the API server refuses a pod as it must.
func awaitRefused(ctx context.Context, client dynamic.Interface, probe workload.Workload, images Images) error {
	document := probe.WithImages(images.references()).Last()
	pods := client.Resource(document.Kind.GroupVersionResource()).Namespace(metav1.NamespaceDefault)
	what := fmt.Sprintf("the API server refuses %s by policy %q", probe.Name, probe.Refusal.Policy)
	return await.Answer(ctx, what, func(ctx context.Context) error {
		_, err := pods.Create(ctx, document.Object, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err == nil {
			return errors.New("it admits it")
		}
		said, wanted := Classify(ctx, err), probe.Refusal
		expected := FitsPolicy(said.Reason, wanted.Policy) && wanted.Because.MatchString(said.Reason)
		if said.Seen != report.Refused || !expected {
			return errors.New(said.Reason)
		}
		return nil
	})
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
