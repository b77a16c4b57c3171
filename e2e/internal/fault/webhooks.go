package fault

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/client-go/kubernetes"

	"container-signing/e2e/internal/await"
)

// The configurations of Kyverno's webhooks for workloads.
const (
	mutating   = "kyverno-resource-mutating-webhook-cfg"
	validating = "kyverno-resource-validating-webhook-cfg"
)

// A gap is a time in which the API server asked nobody, or went on without an
// answer.
type gap struct {
	name     string // of the configuration
	from, to time.Time
}

// webhooks watches whether the API server is told to ask about new pods, and to
// admit none without an answer.
type webhooks struct {
	mu   sync.Mutex
	open map[string]time.Time // since when, by the name of the configuration
	gaps []gap
	err  error
}

// A hook is what both kinds of webhooks have in common.
type hook struct {
	policy *admissionv1.FailurePolicyType
	rules  []admissionv1.RuleWithOperations
}

// watchWebhooks watches until ctx ends. The returned function waits for that.
func watchWebhooks(ctx context.Context, client kubernetes.Interface) (w *webhooks, done func()) {
	w = &webhooks{open: map[string]time.Time{}}
	var both sync.WaitGroup
	kept := client.AdmissionregistrationV1()
	both.Go(func() {
		w.end(ctx, await.Until(ctx, kept.MutatingWebhookConfigurations(), await.Named(mutating),
			func(one *admissionv1.MutatingWebhookConfiguration, gone bool) error {
				var hooks []hook
				for _, webhook := range one.Webhooks {
					hooks = append(hooks, hook{webhook.FailurePolicy, webhook.Rules})
				}
				return w.see(mutating, hooks, gone)
			}))
	})
	both.Go(func() {
		w.end(ctx, await.Until(ctx, kept.ValidatingWebhookConfigurations(), await.Named(validating),
			func(one *admissionv1.ValidatingWebhookConfiguration, gone bool) error {
				var hooks []hook
				for _, webhook := range one.Webhooks {
					hooks = append(hooks, hook{webhook.FailurePolicy, webhook.Rules})
				}
				return w.see(validating, hooks, gone)
			}))
	})
	return w, both.Wait
}

// see notes the state of a configuration.
func (w *webhooks) see(name string, hooks []hook, gone bool) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	closed := !gone && slices.ContainsFunc(hooks, hook.asksAboutPods)
	since, isOpen := w.open[name]
	switch {
	case closed && isOpen:
		w.gaps = append(w.gaps, gap{name, since, time.Now()})
		delete(w.open, name)
	case !closed && !isOpen:
		w.open[name] = time.Now()
	}
	return await.NotYet("the end of the watch")
}

// end keeps why a watch has ended, if that wasn't asked for.
func (w *webhooks) end(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = fmt.Errorf("watching Kyverno's webhooks: %w", err)
}

// between tells of the gaps between two moments.
func (w *webhooks) between(from, to time.Time) (told string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := slices.Clone(w.gaps)
	for name, since := range w.open {
		all = append(all, gap{name, since, to})
	}
	var words []string
	for _, one := range all {
		if one.from.Before(to) && one.to.After(from) {
			words = append(words, fmt.Sprintf("%s had no rule for new pods that fails closed, for %.3f s",
				one.name, one.to.Sub(one.from).Seconds()))
		}
	}
	return strings.Join(words, "; "), w.err
}

// asksAboutPods tells whether the API server asks about new pods, and refuses
// them without an answer.
func (h hook) asksAboutPods() bool {
	if h.policy == nil || *h.policy != admissionv1.Fail {
		return false
	}
	return slices.ContainsFunc(h.rules, func(rule admissionv1.RuleWithOperations) bool {
		return has(rule.Resources, "pods", "*", "*/*", "pods/*") && has(rule.APIGroups, "", "*") &&
			has(rule.Operations, admissionv1.Create, admissionv1.OperationAll)
	})
}

func has[T comparable](all []T, any ...T) bool {
	return slices.ContainsFunc(all, func(one T) bool { return slices.Contains(any, one) })
}
