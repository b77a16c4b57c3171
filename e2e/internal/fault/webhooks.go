package fault

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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

// watchWebhooks watches until ctx ends, and returns when it sees each change. The
// returned function waits for the end.
func watchWebhooks(ctx context.Context, client kubernetes.Interface) (w *webhooks, done func(), err error) {
	w = &webhooks{open: map[string]time.Time{}}
	kept := client.AdmissionregistrationV1()
	first, err := kept.MutatingWebhookConfigurations().Get(ctx, mutating, metav1.GetOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("looking at Kyverno's webhooks: %w", err)
	}
	w.see(mutating, hooksOf(first.Webhooks, ofMutating), false)
	second, err := kept.ValidatingWebhookConfigurations().Get(ctx, validating, metav1.GetOptions{})
	if err != nil {
		return nil, nil, fmt.Errorf("looking at Kyverno's webhooks: %w", err)
	}
	w.see(validating, hooksOf(second.Webhooks, ofValidating), false)
	var both sync.WaitGroup
	var seen sync.WaitGroup // the first time
	seen.Add(2)
	tellFirst, tellSecond := sync.OnceFunc(seen.Done), sync.OnceFunc(seen.Done)
	both.Go(func() {
		defer tellFirst()
		w.end(ctx, await.Until(ctx, kept.MutatingWebhookConfigurations(), await.Named(mutating),
			func(one *admissionv1.MutatingWebhookConfiguration, gone bool) error {
				w.see(mutating, hooksOf(one.Webhooks, ofMutating), gone)
				tellFirst()
				return await.NotYet("the end of the watch")
			}))
	})
	both.Go(func() {
		defer tellSecond()
		w.end(ctx, await.Until(ctx, kept.ValidatingWebhookConfigurations(), await.Named(validating),
			func(one *admissionv1.ValidatingWebhookConfiguration, gone bool) error {
				w.see(validating, hooksOf(one.Webhooks, ofValidating), gone)
				tellSecond()
				return await.NotYet("the end of the watch")
			}))
	})
	seen.Wait()
	return w, both.Wait, nil
}

func ofMutating(webhook admissionv1.MutatingWebhook) hook {
	return hook{webhook.FailurePolicy, webhook.Rules}
}

func ofValidating(webhook admissionv1.ValidatingWebhook) hook {
	return hook{webhook.FailurePolicy, webhook.Rules}
}

func hooksOf[W any](all []W, of func(W) hook) (hooks []hook) {
	for _, one := range all {
		hooks = append(hooks, of(one))
	}
	return hooks
}

// see notes the state of a configuration.
func (w *webhooks) see(name string, hooks []hook, gone bool) {
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
