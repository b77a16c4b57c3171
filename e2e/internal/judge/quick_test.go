package judge

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"container-signing/e2e/internal/kubetest"
	"container-signing/e2e/internal/report"
	"container-signing/e2e/internal/workload"
)

// A quickCluster is an API server in memory with the webhook of the tests, and
// with as much of controllers and of a node as makes pods run.
type quickCluster struct {
	t      *testing.T
	server *kubetest.Server
	digest string // of what the node runs
}

func newQuickCluster(t *testing.T) *quickCluster {
	c := &quickCluster{t, kubetest.New(t), signedDigest}
	c.server.OnWrite(c.admit, c.act)
	return c
}

// admit refuses and pins as the webhook does.
func (c *quickCluster) admit(object *unstructured.Unstructured) error {
	kind, known := workload.KindNamed(object.GetKind())
	if !known {
		return nil
	}
	for _, container := range kind.Containers(object) {
		image := container.Image()
		for name, reason := range refusals {
			if strings.Contains(image, "/"+name) {
				return status(
					400,
					`admission webhook "check.example.test" denied the request: `+fmt.Sprintf(reason, image),
				)
			}
		}
		if !strings.Contains(image, "@") {
			container.SetImage(image + "@" + signedDigest)
		}
	}
	return nil
}

// act is what controllers and a node do.
func (c *quickCluster) act(object *unstructured.Unstructured) {
	switch object.GetKind() {
	case "Namespace":
		c.server.Put(
			c.t,
			&corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: object.GetName(), Name: "default"}},
		)
	case "Pod":
		c.run(object.GetNamespace(), object.GetName(), running)
	case "Job":
		template := object.Object["spec"].(map[string]any)["template"].(map[string]any)["spec"].(map[string]any)
		image := template["containers"].([]any)[0].(map[string]any)["image"].(string)
		c.runOf(object, image, completed)
		c.server.Put(c.t, &batchv1.Job{
			ObjectMeta: metav1.ObjectMeta{Namespace: object.GetNamespace(), Name: object.GetName()},
			Status: batchv1.JobStatus{
				Conditions: []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}},
			},
		})
	}
}

// run runs a pod.
func (c *quickCluster) run(namespace, name string, state corev1.ContainerState) {
	pod := statusOfPod(corev1.PodRunning, c.digest, state)
	pod.ObjectMeta = metav1.ObjectMeta{Namespace: namespace, Name: name}
	c.server.Put(c.t, pod)
}

// runOf makes and runs a pod of a controller.
func (c *quickCluster) runOf(owner *unstructured.Unstructured, image string, state corev1.ContainerState) {
	pod := statusOfPod(corev1.PodSucceeded, c.digest, state)
	pod.ObjectMeta = metav1.ObjectMeta{
		Namespace: owner.GetNamespace(),
		Name:      owner.GetName() + "-pod",
		Labels:    map[string]string{"of": owner.GetName()},
	}
	pod.Spec.Containers = []corev1.Container{{Name: "main", Image: image}}
	c.server.Put(c.t, pod)
}

func (c *quickCluster) options() Options {
	images := Images{"signed": testImages["signed"], "unsigned": testImages["unsigned"]}
	unsigned := images["unsigned"]
	unsigned.Fault = "unsigned"
	images["unsigned"] = unsigned
	return Options{Config: c.server.Config(), Images: images, HasNode: true, Limit: 20 * time.Second}
}

// selecting is a Job whose selector is there already.
func selecting(name, image string) string {
	return strings.Replace(job(name, image), "spec:\n", "spec:\n  selector: {matchLabels: {of: "+name+"}}\n", 1)
}

var quickCases = map[string]trialCase{
	"admit/signed": {pod("signed", "signed"), true, report.Admitted, "pinned, running"},
	"admit/job":    {selecting("job", "signed"), true, report.Admitted, "template and pod pinned, completed"},
	"admit/elsewhere": {
		strings.Replace(pod("there", "signed"), "metadata:", "metadata:\n  namespace: elsewhere", 1),
		true, report.Admitted, "pinned, running",
	},
	"admit/unsigned": {pod("admit-unsigned", "unsigned"), false, report.Refused, "document 1 must be admitted"},
	"deny/unsigned":  {denied(pod("unsigned", "unsigned"), "unsigned"), true, report.Refused, "no signature on"},
	"deny/otherreason": {
		denied(pod("otherreason", "example.test/otherreason:v1"), "example.test/otherreason:v1"),
		false, report.Refused, "nothing in it matches",
	},
	"deny/signed": {
		denied(pod("deny-signed", "signed"), "signed"),
		false, report.Admitted, "must be refused by policy",
	},
}

// TestRunOnNode judges with a node that runs what is admitted.
func TestRunOnNode(t *testing.T) {
	t.Parallel()
	c := newQuickCluster(t)
	options, ran := c.options(), make(chan struct{}, len(quickCases))
	options.OnRunning = func() { ran <- struct{}{} }
	verdicts, err := Run(t.Context(), options, load(t, quickCases))
	if err != nil {
		t.Fatal(err)
	}
	if len(verdicts) != len(quickCases) || len(ran) != 3 {
		t.Errorf("%d verdicts, %d pods seen running", len(verdicts), len(ran))
	}
	for _, v := range verdicts {
		want := quickCases[v.Workload]
		if v.Passed != want.passed || v.Seen != want.seen || !strings.Contains(v.Failure+v.Reason+v.Detail, want.says) {
			t.Errorf("%s: %+v", v.Workload, v)
		}
		if runs := v.Runs == report.Runs; runs != (v.Passed && v.Seen == report.Admitted) {
			t.Errorf("%s: it runs: %q", v.Workload, v.Runs)
		}
		if short := v.Short == "unsigned"; short != (v.Workload == "deny/unsigned") {
			t.Errorf("%s: the short reason is %q", v.Workload, v.Short)
		}
	}
	if c.server.Has("namespaces", "", "elsewhere") || c.server.Has("pods", "elsewhere", "there") {
		t.Error("what the run has made is left behind")
	}
}

// TestRunsAnotherImage has a node that runs something else than what is pinned.
func TestRunsAnotherImage(t *testing.T) {
	t.Parallel()
	c := newQuickCluster(t)
	c.digest = otherDigest
	cases := maps.Clone(quickCases)
	maps.DeleteFunc(cases, func(_ string, c trialCase) bool { return c.seen != report.Admitted || !c.passed })
	verdicts, err := Run(t.Context(), c.options(), load(t, cases))
	if err != nil || len(verdicts) != 3 {
		t.Fatalf("%d verdicts, %v", len(verdicts), err)
	}
	for _, v := range verdicts {
		if v.Passed || v.Runs != "" || !strings.Contains(v.Failure, "instead of the pinned "+signedDigest) {
			t.Errorf("%s: %+v", v.Workload, v)
		}
	}
}

// TestNamespaceThatIsGoing is waited for, and made again.
func TestNamespaceThatIsGoing(t *testing.T) {
	t.Parallel()
	c := newQuickCluster(t)
	now := metav1.Now()
	c.server.Put(t, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "elsewhere", DeletionTimestamp: &now}})
	go func() {
		c.server.AwaitWatch(t, "namespaces", 1)
		c.server.Delete(t, "namespaces", "", "elsewhere")
	}()
	options := c.options()
	options.Keep = true
	verdicts, err := Run(
		t.Context(),
		options,
		load(t, map[string]trialCase{"admit/elsewhere": quickCases["admit/elsewhere"]}),
	)
	if err != nil || !verdicts[0].Passed {
		t.Errorf("got %+v, %v", verdicts, err)
	}
	if !c.server.Has("namespaces", "", "elsewhere") || !c.server.Has("pods", "elsewhere", "there") {
		t.Error("what is to be kept isn't there")
	}
}

// TestRunThatCannot has a cluster that lacks what a run needs.
func TestRunThatCannot(t *testing.T) {
	t.Parallel()
	forbidden := func(resource string) error {
		return apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "", errors.New("no rights"))
	}
	for resource, words := range map[string][]string{
		"namespaces": {"preparing namespaces for workloads: ", "no rights"},
		"serviceaccounts": {
			"preparing namespaces for workloads: ", `waiting for ServiceAccount "default"`, "no rights",
		},
	} {
		t.Run(resource, func(t *testing.T) {
			t.Parallel()
			c := newQuickCluster(t)
			c.server.Deny(resource, forbidden(resource))
			_, err := Run(t.Context(), c.options(), load(t, quickCases))
			if err == nil ||
				slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(err.Error(), word) }) {
				t.Errorf("got %v, want %q", err, words)
			}
		})
	}
}
