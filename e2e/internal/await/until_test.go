package await_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/kubetest"
)

const namespace = "default"

// pod is a pod in a phase.
func pod(name string, phase corev1.PodPhase) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Status:     corev1.PodStatus{Phase: phase},
	}
}

// A waiter waits until a pod runs.
type waiter struct {
	seen  chan corev1.PodPhase // each phase, as it is seen; "gone" when it is deleted
	ended chan error
}

// await starts a wait for the pod "one". Each of the phases that it sees has
// to be taken.
func wait(ctx context.Context, t *testing.T, server *kubetest.Server) waiter {
	w := waiter{make(chan corev1.PodPhase), make(chan error, 1)}
	pods := server.Client(t).CoreV1().Pods(namespace)
	go func() {
		w.ended <- await.Until(ctx, pods, await.Named("one"), func(pod *corev1.Pod, gone bool) error {
			phase := pod.Status.Phase
			if gone {
				phase = "gone"
			}
			select {
			case w.seen <- phase:
			case <-ctx.Done():
			}
			switch phase {
			case corev1.PodRunning:
				return nil
			case corev1.PodFailed:
				return errors.New("it failed")
			}
			return await.NotYet("the pod is %s", phase)
		})
	}()
	return w
}

// sees takes phases, which must be these.
func (w waiter) sees(t *testing.T, phases ...corev1.PodPhase) {
	t.Helper()
	for _, want := range phases {
		select {
		case got := <-w.seen:
			if got != want {
				t.Fatalf("it sees the phase %q, not %q", got, want)
			}
		case err := <-w.ended:
			t.Fatalf("it ended before it saw the phase %q: %v", want, err)
		}
	}
}

// ends takes the error of the wait, which must have all words, and is none
// without words.
func (w waiter) ends(t *testing.T, words ...string) {
	t.Helper()
	err := <-w.ended
	if err == nil && len(words) > 0 || err != nil && len(words) == 0 {
		t.Fatalf("the wait ends with %v, not with %q", err, words)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("the wait ends with %q, which lacks %q", err, word)
		}
	}
}

// TestUntil waits for a pod that runs already, that starts later, that fails.
func TestUntil(t *testing.T) {
	t.Parallel()
	t.Run("at once", func(t *testing.T) {
		t.Parallel()
		server := kubetest.New(t)
		server.Put(t, pod("one", corev1.PodRunning))
		w := wait(t.Context(), t, server)
		w.sees(t, corev1.PodRunning)
		w.ends(t)
	})
	t.Run("later", func(t *testing.T) {
		t.Parallel()
		server := kubetest.New(t)
		server.Put(t, pod("one", corev1.PodPending))
		w := wait(t.Context(), t, server)
		w.sees(t, corev1.PodPending)
		server.Put(t, pod("two", corev1.PodRunning))
		server.Put(t, pod("one", corev1.PodRunning))
		w.sees(t, corev1.PodRunning)
		w.ends(t)
	})
	t.Run("never", func(t *testing.T) {
		t.Parallel()
		server := kubetest.New(t)
		server.Put(t, pod("one", corev1.PodFailed))
		w := wait(t.Context(), t, server)
		w.sees(t, corev1.PodFailed)
		w.ends(t, "it failed")
	})
}

// TestWatchThatBreaksOff changes the pod while nobody watches.
func TestWatchThatBreaksOff(t *testing.T) {
	t.Parallel()
	for name, breakOff := range map[string]func(*kubetest.Server){
		"closed":    (*kubetest.Server).Break,
		"forgotten": (*kubetest.Server).Forget,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := kubetest.New(t)
			server.Put(t, pod("one", corev1.PodPending))
			w := wait(t.Context(), t, server)
			w.sees(t, corev1.PodPending)
			server.Deny("pods", apierrors.NewServiceUnavailable("restarting"))
			breakOff(server)
			server.Put(t, pod("one", corev1.PodRunning))
			server.Deny("pods", nil)
			w.sees(t, corev1.PodRunning)
			w.ends(t)
		})
	}
}

// TestObjectIsDeleted deletes the pod that is waited for: while it is watched,
// and while nobody watches, of which the API server doesn't tell later.
func TestObjectIsDeleted(t *testing.T) {
	t.Parallel()
	for name, breakOff := range map[string]func(*kubetest.Server){
		"watched":   func(*kubetest.Server) {},
		"forgotten": (*kubetest.Server).Forget,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := kubetest.New(t)
			server.Put(t, pod("one", corev1.PodPending))
			ctx, cancel := context.WithCancelCause(t.Context())
			w := wait(ctx, t, server)
			w.sees(t, corev1.PodPending)
			server.Delete(t, "pods", namespace, "one")
			breakOff(server)
			w.sees(t, "gone")
			server.Put(t, pod("one", corev1.PodPending))
			w.sees(t, corev1.PodPending)
			cancel(errors.New("enough"))
			w.ends(t, "enough", "last seen: the pod is Pending")
		})
	}
}

// TestGivenUp ends waits that can't succeed, each with its cause.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		deny  error
		limit time.Duration
		says  string
	}{
		"no object": {nil, time.Second, "(last seen: nothing)"},
		"out of order": {
			apierrors.NewServiceUnavailable("out of order"), time.Second,
			"(the API server's last answer: out of order)",
		},
		"not even a try": {nil, 0, "(last seen: nothing)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := kubetest.New(t)
			server.Deny("pods", test.deny)
			ctx, cancel := await.Within(t.Context(), test.limit)
			defer cancel()
			w := wait(ctx, t, server)
			w.ends(t, "it took longer than "+test.limit.String(), test.says)
		})
	}
}

// TestForbidden ends at once instead of asking again.
func TestForbidden(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t)
	server.Deny("pods", apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "", errors.New("who are you")))
	ctx, cancel := await.Within(t.Context(), 10*time.Second)
	defer cancel()
	wait(ctx, t, server).ends(t, "forbidden", "who are you")
	if ctx.Err() != nil {
		t.Error("it has asked until the wait was given up")
	}
}

// TestAnotherType says so when it is shown what isn't asked for.
func TestAnotherType(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t)
	server.Put(t, pod("one", corev1.PodRunning))
	err := await.Until(t.Context(), server.Client(t).CoreV1().Pods(namespace), metav1.ListOptions{},
		func(*corev1.Node, bool) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "a *v1.Pod, not a *v1.Node") {
		t.Errorf("the wait ends with %v", err)
	}
}

// TestGone waits for the end of what is there, and of what isn't.
func TestGone(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t)
	server.Put(t, pod("one", corev1.PodRunning))
	pods := server.Client(t).CoreV1().Pods(namespace)
	ctx, cancel := await.Within(t.Context(), 10*time.Second)
	defer cancel()
	if err := await.Gone(ctx, pods, await.Named("two")); err != nil {
		t.Errorf("what isn't there isn't gone: %v", err)
	}
	given, cancel := await.Within(t.Context(), time.Second)
	defer cancel()
	if err := await.Gone(given, pods, await.Named("one")); err == nil ||
		!strings.Contains(err.Error(), "took longer than 1s (last seen: 1 of them)") {
		t.Errorf("what is there is gone: %v", err)
	}
}

// TestGoneUnwatched waits for the end of what goes while nobody watches.
func TestGoneUnwatched(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t)
	server.Put(t, pod("one", corev1.PodRunning))
	pods := server.Client(t).CoreV1().Pods(namespace)
	ended := make(chan error, 1)
	go func() { ended <- await.Gone(t.Context(), pods, await.Named("one")) }()
	server.AwaitWatch(t, "pods", 1)
	server.Delete(t, "pods", namespace, "one")
	server.Forget()
	if err := <-ended; err != nil {
		t.Errorf("what has gone isn't gone: %v", err)
	}
}

// TestObjects counts objects that are as wanted, of any type.
func TestObjects(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t)
	pods := schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	runs := func(object *unstructured.Unstructured) bool {
		phase, _, _ := unstructured.NestedString(object.Object, "status", "phase")
		return phase == string(corev1.PodRunning)
	}
	server.Put(t, pod("one", corev1.PodRunning))
	server.Put(t, pod("two", corev1.PodPending))
	if err := await.Objects(t.Context(), server.Config(), pods, 1, runs); err != nil {
		t.Error(err)
	}
	given, cancel := await.Within(t.Context(), time.Second)
	defer cancel()
	err := await.Objects(given, server.Config(), pods, 2, runs)
	if err == nil ||
		!strings.Contains(
			err.Error(),
			"waiting for 2 pods, of which 1 are there: it took longer than 1s (last seen: Pod ",
		) {
		t.Errorf("the wait for a pod that doesn't run ends with %v", err)
	}
	server.Put(t, pod("two", corev1.PodRunning))
	if err := await.Objects(t.Context(), server.Config(), pods, 2, runs); err != nil {
		t.Error(err)
	}
}

// TestServiceAccount waits for the one that pods run as, in its namespace.
func TestServiceAccount(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t)
	account := func(namespace, name string) *corev1.ServiceAccount {
		return &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
	}
	server.Put(t, account(namespace, "deployer"))
	server.Put(t, account("other", "default"))
	given, cancel := await.Within(t.Context(), time.Second)
	defer cancel()
	err := await.ServiceAccount(given, server.Client(t), namespace)
	if err == nil || !strings.Contains(err.Error(), `ServiceAccount "default" in namespace "default"`) {
		t.Errorf("the wait for what nobody makes ends with %v", err)
	}
	server.Put(t, account(namespace, "default"))
	if err := await.ServiceAccount(t.Context(), server.Client(t), namespace); err != nil {
		t.Error(err)
	}
}

// TestAnswer asks until the answer is good, and tells the last that wasn't.
func TestAnswer(t *testing.T) {
	t.Parallel()
	asked := 0
	err := await.Answer(t.Context(), "it is ready", func(context.Context) error {
		if asked++; asked < 3 {
			return errors.New("no")
		}
		return nil
	})
	if err != nil || asked != 3 {
		t.Errorf("asked %d times: %v", asked, err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	err = await.Answer(ctx, "it is ready", func(context.Context) error {
		if asked++; asked == 4 {
			return errors.New("not yet")
		}
		cancel(errors.New("enough"))
		return errors.New("cut short")
	})
	if err == nil || err.Error() != "waiting until it is ready: enough (its last answer: not yet)" {
		t.Errorf("the wait ends with %v", err)
	}
}
