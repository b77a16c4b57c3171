package judge

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"container-signing/e2e/internal/kubetest"
)

// newCluster starts an API server in memory, whose admission webhooks say what
// admit returns.
func newCluster(t *testing.T, admit func(pod string) error) *kubetest.Server {
	t.Helper()
	server := kubetest.New(t)
	server.Put(t, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "default"}})
	server.OnWrite(func(object *unstructured.Unstructured) error {
		if object.GetKind() != "Pod" {
			return nil
		}
		return admit(object.GetName())
	}, nil)
	return server
}

// refusedBy is the refusal of a pod by a policy.
func refusedBy(policy string) error {
	return status(
		400,
		`admission webhook "w" denied the request: Policy `+policy+` failed: no signature on example.test/unsigned:v1`,
	)
}

// by is a pod that a policy must refuse.
func by(policy, name string) trialCase {
	return trialCase{
		manifest: strings.ReplaceAll(denied(pod(name, "unsigned"), "unsigned"), "require-notation", policy),
	}
}

func TestAwaitEnforced(t *testing.T) {
	t.Parallel()
	both := map[string]trialCase{
		"deny/a": by("require-notation", "a"),
		"deny/b": by("other", "b"),
		"deny/c": by("other", "c"),
	}
	for name, test := range map[string]struct {
		cases map[string]trialCase
		admit func(pod string) error
		says  string // "" if it must be seen enforced
	}{
		"enforced": {both, func(pod string) error {
			return refusedBy(map[string]string{"a": "require-notation", "b": "other", "c": "nobody"}[pod])
		}, ""},
		"not enforced": {both, func(string) error { return nil },
			`refuses deny/a by policy "require-notation": it took longer than 1s (its last answer: it admits it)`},
		"one of two": {both, func(pod string) error {
			if pod == "a" {
				return refusedBy("require-notation")
			}
			return nil
		}, `refuses deny/b by policy "other"`},
		"by another policy": {
			both, func(string) error { return refusedBy("another") }, "its last answer: Policy another failed",
		},
		"for another reason": {both, func(string) error {
			return status(400, `admission webhook "w" denied the request: Policy require-notation failed: out of order`)
		}, "its last answer: Policy require-notation failed: out of order"},
		"by the API server": {both, func(string) error {
			return status(422, "Policy require-notation failed: no signature")
		}, "its last answer: Policy require-notation failed: no signature"},
		"nothing to ask for": {map[string]trialCase{
			"admit/a": {manifest: pod("a", "signed")},
			"deny/b":  {manifest: pod("b", "signed") + "---\n" + denied(pod("b", "unsigned"), "unsigned")},
			"deny/c":  {manifest: inNamespace("x", denied(pod("c", "unsigned"), "unsigned"))},
			"deny/d":  {manifest: denied(job("d", "unsigned"), "unsigned")},
		}, func(string) error { return errors.New("asked") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := newCluster(t, test.admit)
			options := Options{Config: server.Config(), Images: testImages, Limit: time.Second}
			err := AwaitEnforced(t.Context(), options, load(t, test.cases))
			if errors.Is(err, ErrNotEnforced) != (test.says != "") ||
				err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want %q", err, test.says)
			}
			if server.Has("pods", "default", "a") {
				t.Error("a pod that was only asked for is there")
			}
		})
	}
}

// TestEnforcedLater asks until the API server has taken notice of the policy.
func TestEnforcedLater(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := newCluster(t, func(string) error {
		if asked.Add(1) < 3 {
			return nil
		}
		return refusedBy("require-notation")
	})
	options := Options{Config: server.Config(), Images: testImages}
	workloads := load(t, map[string]trialCase{"deny/a": by("require-notation", "a")})
	if err := AwaitEnforced(t.Context(), options, workloads); err != nil {
		t.Error(err)
	}
	if asked.Load() != 3 {
		t.Errorf("it has asked %d times, not 3", asked.Load())
	}
}

// TestInterruptedBeforeEnforced says nothing about the policies.
func TestInterruptedBeforeEnforced(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := fmt.Errorf("interrupted")
	server := newCluster(t, func(string) error {
		cancel(interrupted)
		return nil
	})
	options := Options{Config: server.Config(), Images: testImages}
	err := AwaitEnforced(ctx, options, load(t, map[string]trialCase{"deny/a": by("require-notation", "a")}))
	if !errors.Is(err, interrupted) || errors.Is(err, ErrNotEnforced) {
		t.Errorf("got %v", err)
	}
}
