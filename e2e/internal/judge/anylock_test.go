package judge

import (
	"strings"
	"testing"
	"time"

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
		if c.server.Has("pods", "workloads-1", name) {
			t.Errorf("pod %q isn't a dry run", name)
		}
	}
}

// refusing is the state of a container whose image containerd's verifier has
// refused.
var refusing = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
	Reason: "ErrImagePull", Message: "failed to pull: " + RuntimeRefuses + "app: no Notation signature",
}}

// unreadable is that of one whose image has a name that kubelet can't read.
var unreadable = corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
	Reason: "InvalidImageName", Message: "couldn't parse image name: invalid reference format",
}}

// newNode is a cluster that admits everything, on whose node the containers of all
// pods have these states.
func newNode(t *testing.T, statuses ...corev1.ContainerStatus) *quickCluster {
	c := newPodsOnly(t)
	admit := func(*unstructured.Unstructured) error { return nil }
	c.server.OnWrite(admit, func(object *unstructured.Unstructured) {
		if object.GetKind() != "Pod" {
			c.act(object)
			return
		}
		pod := &corev1.Pod{Status: corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: statuses}}
		pod.ObjectMeta = metav1.ObjectMeta{Namespace: object.GetNamespace(), Name: object.GetName()}
		c.server.Put(t, pod)
	})
	return c
}

// TestNodeAsLock has a node refuse what admission lets pass, and run it. What
// counts is the container that must not run.
func TestNodeAsLock(t *testing.T) {
	t.Parallel()
	unsigned := denied(pod("unsigned", "unsigned"), "unsigned")
	beside := denied(pod("unsigned", "signed")+"    - {name: second, image: unsigned}\n", "unsigned")
	second := func(state corev1.ContainerState) []corev1.ContainerStatus {
		return []corev1.ContainerStatus{containerStatus("main", signedDigest, running), {Name: "second", State: state}}
	}
	main := func(state corev1.ContainerState) []corev1.ContainerStatus {
		return []corev1.ContainerStatus{containerStatus("main", signedDigest, state)}
	}
	for name, c := range map[string]struct {
		manifest string
		statuses []corev1.ContainerStatus
		lock     string // empty for none
		says     string
	}{
		"refused":                    {unsigned, main(refusing), RuntimeLock, "app: no Notation signature"},
		"unreadable":                 {unsigned, main(unreadable), kubeletLock, "invalid reference format"},
		"run":                        {unsigned, main(running), "", "runs: no lock stops it"},
		"refused beside one that is": {beside, second(refusing), RuntimeLock, "app: no Notation signature"},
		"run beside one that is":     {beside, second(running), "", "runs: no lock stops it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			quick := newNode(t, c.statuses...)
			options := quick.options()
			options.AnyLock = true
			verdicts, err := Run(t.Context(), options, load(t, map[string]trialCase{
				"deny/unsigned": {manifest: c.manifest},
			}))
			if err != nil {
				t.Fatal(err)
			}
			v := verdicts[0]
			if v.Passed != (c.lock != "") || !strings.Contains(v.Failure+v.Reason, c.says) || v.Lock != c.lock {
				t.Errorf("%+v", v)
			}
			if quick.server.Has("pods", "workloads-1", "unsigned") {
				t.Error("its pod stays on the node")
			}
		})
	}
}

// TestNodeRefusesAll doesn't take a node for a lock that refuses what is signed
// too.
func TestNodeRefusesAll(t *testing.T) {
	t.Parallel()
	quick := newNode(t, containerStatus("main", signedDigest, refusing))
	options := quick.options()
	options.AnyLock, options.Limit = true, 3*time.Second
	verdicts, err := Run(t.Context(), options, load(t, map[string]trialCase{
		"admit/signed": {manifest: pod("signed", "signed")},
	}))
	if err != nil {
		t.Fatal(err)
	}
	if v := verdicts[0]; v.Passed || !strings.Contains(v.Failure, RuntimeRefuses) {
		t.Errorf("%+v", v)
	}
}
