package bypass

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/kubetest"
	"container-signing/e2e/internal/report"
)

// testImages are called as a run calls them.
var testImages = judge.Images{
	"signed":                   {Reference: "registry/app:v1"},
	"unsigned":                 {Reference: "registry/app:v1-unsigned", Fault: "unsigned"},
	"signed-by-another-ca":     {Reference: "registry/app:v1-another-ca", Fault: "signed by another CA"},
	"copied-without-signature": {Reference: "registry/bare:v1", Fault: "copied without its signature"},
}

// verify is the image verifier of a node that refuses what it must: it returns
// what containerd says of an image then, and nothing of one that it may run.
func verify(reference string) string {
	reason := "no Notation signature on registry/app@sha256:1"
	switch {
	case strings.HasSuffix(reference, "/app:v1"):
		return ""
	case strings.Contains(reference, "another-ca"):
		reason = `policy "t" accepts no Notation signature on registry/app@sha256:2: ` +
			"it does not contain any trusted certificate"
	case strings.Contains(reference, "bare"):
		reason = "no Notation signature on registry/bare@sha256:3"
	}
	return "rpc error: blocked pull of " + reference + " with digest sha256:1: " + reason
}

// aNode is a node that is tested with: its kubelet, and its container runtime.
type aNode struct {
	server *kubetest.Server
	verify func(reference string) string
	// mute keeps its kubelet from telling anything of what it does.
	mute bool
}

// newNode starts an API server with a node whose kubelet does what the image
// verifier says.
func newNode(t *testing.T) *aNode {
	n := &aNode{server: kubetest.New(t), verify: verify}
	for _, namespace := range []string{"default", Excluded} {
		n.server.Put(t, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "default"}})
	}
	n.server.OnWrite(nil, func(object *unstructured.Unstructured) {
		if object.GetKind() != "Pod" {
			return
		}
		containers, _, _ := unstructured.NestedSlice(object.Object, "spec", "containers")
		image, _ := containers[0].(map[string]any)["image"].(string)
		n.run(t, object.GetNamespace(), object.GetName(), image)
	})
	return n
}

// run is what kubelet does with a pod.
func (n *aNode) run(t *testing.T, namespace, pod, image string) {
	if n.mute {
		return
	}
	tell := func(reason, message string) {
		n.server.Put(t, &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{Namespace: namespace, Name: pod + "." + strings.ToLower(reason)},
			InvolvedObject: corev1.ObjectReference{Kind: "Pod", Name: pod}, Reason: reason, Message: message,
		})
	}
	tell("Pulling", "Pulling image "+image)
	if refusal := n.verify(image); refusal != "" {
		tell("Failed", "Failed to pull image: "+refusal)
		return
	}
	tell("Started", "Started container main")
}

// Pull pulls as kubelet and ctr do.
func (n *aNode) Pull(_ context.Context, reference string) error {
	if refusal := n.verify(reference); refusal != "" {
		return errors.New(refusal)
	}
	return nil
}

func (n *aNode) Has(_ context.Context, reference string) (bool, error) {
	return n.verify(reference) == "", nil
}

func (n *aNode) cluster() Cluster {
	return Cluster{Config: n.server.Config(), Images: testImages, Limit: 20 * time.Second}
}

// own is the node as its administrator gets at it.
func (n *aNode) own(folder string) *Node {
	return &Node{Name: "node", StaticPods: folder, Runtime: n, CtrPull: n.Pull}
}

// excludedNames are the ways that there are without a node of one's own.
var excludedNames = []string{
	"bypass/pod-in-kube-system", "bypass/pod-in-kube-system-another-ca",
	"bypass/pod-in-kube-system-copied", "bypass/pod-in-kube-system-signed",
}

// TestWays goes all ways on a node that refuses what it must.
func TestWays(t *testing.T) {
	t.Parallel()
	n, folder := newNode(t), t.TempDir()
	if err := CreateBeforePolicy(t.Context(), n.cluster()); err != nil {
		t.Fatal(err)
	}
	// Kubelet would find the static pod in the folder.
	n.run(t, "default", "static-node", testImages["unsigned"].Reference)
	verdicts, err := Ways(t.Context(), n.cluster(), n.own(folder))
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"bypass/pod-before-the-policy", "bypass/static-pod"}
	names = append(
		append(names, excludedNames...),
		"bypass/ctr-pull", "bypass/cri-pull", "bypass/cri-pull-another-ca", "bypass/cri-pull-signed",
	)
	checkVerdicts(t, verdicts, names)
	if count := Count(n.own(folder)); count != len(verdicts) {
		t.Errorf("the count of the ways is %d, not %d", count, len(verdicts))
	}
	pods := map[string]string{"before-the-policy": "default", "unsigned": Excluded, "signed": Excluded}
	for pod, namespace := range pods {
		if n.server.Has("pods", namespace, pod) {
			t.Errorf("pod %s in namespace %s is left, and is pulled again and again", pod, namespace)
		}
	}
	checkStaticPod(t, filepath.Join(folder, "static.yaml"))
}

// checkVerdicts checks that the verdicts have these names, and that all have
// passed with the right reason in short.
func checkVerdicts(t *testing.T, verdicts []report.Verdict, names []string) {
	t.Helper()
	var got []string
	for _, v := range verdicts {
		got = append(got, v.Workload)
		short := "unsigned"
		switch {
		case strings.HasSuffix(v.Workload, "-another-ca"):
			short = "signed by another CA"
		case strings.HasSuffix(v.Workload, "-copied"):
			short = "copied without its signature"
		case strings.HasSuffix(v.Workload, "-signed"):
			short = ""
		}
		expected := report.Refused
		if short == "" {
			expected = report.Admitted
		}
		if !v.Passed || v.Short != short || v.Expected != expected || v.Seen != expected || v.Seconds <= 0 {
			t.Errorf("%s: %+v", v.Workload, v)
		}
	}
	if !slices.Equal(got, names) {
		t.Errorf("the ways are %q, not %q", got, names)
	}
}

// checkStaticPod checks that kubelet can read a file as a pod, which has to ask
// the registry.
func checkStaticPod(t *testing.T, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var pod corev1.Pod
	if err := yaml.UnmarshalStrict(content, &pod); err != nil {
		t.Fatal(err)
	}
	container := pod.Spec.Containers[0]
	if pod.Kind != "Pod" || pod.Name != "static" || container.Image != testImages["unsigned"].Reference ||
		container.ImagePullPolicy != corev1.PullAlways {
		t.Errorf("the static pod is %+v", pod)
	}
}

// TestWaysOfAnother goes those that there are without a node of one's own.
func TestWaysOfAnother(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	verdicts, err := Ways(t.Context(), n.cluster(), nil)
	if err != nil {
		t.Fatal(err)
	}
	checkVerdicts(t, verdicts, excludedNames)
}

// TestNodeThatVerifiesWrongly has verifiers that let in what they must refuse,
// refuse all, or for another reason.
func TestNodeThatVerifiesWrongly(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		verify func(reference string) string
		failed map[string]string // by what ends the verdict's name, "" for the first
	}{
		"allows all": {
			func(string) string { return "" },
			map[string]string{
				"system": "must have it refused", "ca": "must have it refused", "copied": "must have it refused",
			},
		},
		"refuses all": {
			func(reference string) string { return verify(reference + "-unsigned") },
			map[string]string{"signed": "must have it admitted", "ca": ""},
		},
		"takes another CA for no signature": {
			func(reference string) string { return verify(strings.ReplaceAll(reference, "another-ca", "unsigned")) },
			map[string]string{"ca": "refused for another reason"},
		},
		"names another image": {
			func(reference string) string {
				return strings.ReplaceAll(verify(reference), "registry/bare", "registry/other")
			},
			map[string]string{"copied": "isn't named"},
		},
		"doesn't get at the registry": {
			func(string) string { return "connection refused" },
			map[string]string{
				"system": "another reason than the verifier's", "ca": "another reason than the verifier's",
				"copied": "another reason than the verifier's", "signed": "another reason than the verifier's",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t)
			n.verify = test.verify
			verdicts, err := Ways(t.Context(), n.cluster(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range verdicts {
				end := v.Workload[strings.LastIndex(v.Workload, "-")+1:]
				failure, fails := test.failed[end]
				if fails = fails && failure != ""; v.Passed == fails || fails && !strings.Contains(v.Failure, failure) {
					t.Errorf("%s: %+v", v.Workload, v)
				}
				if fails && v.Short != "" {
					t.Errorf("%s: a verdict that didn't pass has the short reason %q", v.Workload, v.Short)
				}
			}
		})
	}
}

// TestKubeletThatTellsNothing is a failure once the limit is over.
func TestKubeletThatTellsNothing(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.mute = true
	cluster := n.cluster()
	cluster.Limit = 500 * time.Millisecond
	verdicts, err := Ways(t.Context(), cluster, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range verdicts {
		if v.Passed || !strings.Contains(v.Failure, "took longer than 500ms (last seen: nothing)") {
			t.Errorf("%s: %+v", v.Workload, v)
		}
	}
}

// TestInterruptedWays is no verdict on anything.
func TestInterruptedWays(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.mute = true
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := errors.New("interrupted")
	go func() {
		n.server.AwaitWatch(t, "events", len(excludedNames))
		cancel(interrupted)
	}()
	if _, err := Ways(ctx, n.cluster(), nil); !errors.Is(err, interrupted) {
		t.Errorf("it ends with %v", err)
	}
}

// TestPodThatIsNotAdmitted can't go around anything.
func TestPodThatIsNotAdmitted(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	n.server.OnWrite(func(*unstructured.Unstructured) error { return errors.New("the policy is there already") }, nil)
	for name, err := range map[string]error{
		"before the policy": CreateBeforePolicy(t.Context(), n.cluster()),
		"excluded": func() error {
			_, err := Ways(t.Context(), n.cluster(), nil)
			return err
		}(),
	} {
		if err == nil || !strings.Contains(err.Error(), "where no policy applies") ||
			!strings.Contains(err.Error(), "is there already") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
