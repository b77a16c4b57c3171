package judge

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"container-signing/e2e/internal/kubetest"
	"container-signing/e2e/internal/report"
)

// The webhook of these tests doesn't look at what makes pods, as many policies
// don't.
func newPodsOnly(t *testing.T) *quickCluster {
	c := &quickCluster{t, kubetest.New(t), signedDigest}
	c.server.OnWrite(func(object *unstructured.Unstructured) error {
		if object.GetKind() != "Pod" {
			return nil
		}
		return c.admit(object)
	}, c.act)
	return c
}

var anyLockCases = map[string]trialCase{
	"admit/signed":     {pod("signed", "signed"), true, report.Admitted, ""},
	"admit/unsigned":   {pod("unsigned", "unsigned"), false, report.Refused, "must be admitted"},
	"deny/unsigned":    {denied(pod("refused", "unsigned"), "unsigned"), true, report.Refused, "no signature on"},
	"deny/otherreason": {denied(pod("another", "example.test/otherreason:v1"), ""), true, report.Refused, ""},
	"deny/signed":      {denied(pod("through", "signed"), ""), false, report.Admitted, "no lock stops it"},
	"deny/deployment": {
		denied(controller("Deployment", "deployment", "unsigned"), ""),
		true, report.Refused, "the Deployment is admitted, its pods aren't",
	},
	"deny/open": {
		denied(controller("Deployment", "open", "signed"), ""), false, report.Admitted, "no lock stops it",
	},
}

// TestAnyLock takes any refusal for one, says by whom, and starts nothing.
func TestAnyLock(t *testing.T) {
	t.Parallel()
	c := newPodsOnly(t)
	options := c.options()
	options.AnyLock, options.DryRuns, options.HasNode, options.AwaitGone = true, true, false, true
	verdicts, err := Run(t.Context(), options, load(t, anyLockCases))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range verdicts {
		want := anyLockCases[v.Workload]
		if v.Passed != want.passed || v.Seen != want.seen || !strings.Contains(v.Failure+v.Reason+v.Detail, want.says) {
			t.Errorf("%s: %+v", v.Workload, v)
		}
		if named := v.Lock == "webhook check.example.test"; named != (v.Seen == report.Refused) {
			t.Errorf("%s: the lock is %q", v.Workload, v.Lock)
		}
	}
	for _, name := range []string{"signed", "through"} {
		if c.server.Has("pods", "", name) {
			t.Errorf("pod %q isn't a dry run", name)
		}
	}
}

// TestNodeAsLock has a node refuse what admission lets pass, and run it.
func TestNodeAsLock(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		state  corev1.ContainerState
		passed bool
		says   string
	}{
		"refused": {corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
			Reason: "ErrImagePull", Message: "failed to pull: " + RuntimeRefuses + "app: no Notation signature",
		}}, true, "app: no Notation signature"},
		"run": {running, false, "runs: no lock stops it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			quick := newPodsOnly(t)
			quick.server.OnWrite(func(*unstructured.Unstructured) error { return nil }, func(object *unstructured.Unstructured) {
				if object.GetKind() != "Pod" {
					quick.act(object)
					return
				}
				pod := statusOfPod(corev1.PodPending, signedDigest, c.state)
				pod.ObjectMeta = metav1.ObjectMeta{Namespace: object.GetNamespace(), Name: object.GetName()}
				quick.server.Put(t, pod)
			})
			options := quick.options()
			options.AnyLock = true
			verdicts, err := Run(t.Context(), options, load(t, map[string]trialCase{
				"deny/unsigned": {manifest: denied(pod("unsigned", "unsigned"), "unsigned")},
			}))
			if err != nil {
				t.Fatal(err)
			}
			v := verdicts[0]
			if v.Passed != c.passed || !strings.Contains(v.Failure+v.Reason, c.says) || c.passed && v.Lock != RuntimeLock {
				t.Errorf("%+v", v)
			}
		})
	}
}
