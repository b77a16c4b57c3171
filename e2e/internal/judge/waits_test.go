package judge

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/kubetest"
)

// in is the metadata of an object.
func in(name, uid string) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: "default",
		Name:      name,
		UID:       types.UID(uid),
		Labels:    map[string]string{"app": name},
	}
}

// short bounds a wait that is to be given up.
func short(t *testing.T) context.Context {
	ctx, cancel := await.Within(t.Context(), time.Second)
	t.Cleanup(cancel)
	return ctx
}

// says checks that an error has words; none is expected without words.
func says(t *testing.T, err error, words string) {
	t.Helper()
	if (err == nil) != (words == "") || err != nil && !strings.Contains(err.Error(), words) {
		t.Errorf("got %v, want %q", err, words)
	}
}

// statusOfPod is a pod whose container runs the image with a digest.
func statusOfPod(phase corev1.PodPhase, digest string, state corev1.ContainerState) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: in("app", "1"), Status: corev1.PodStatus{
		Phase:             phase,
		Conditions:        []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}},
		ContainerStatuses: []corev1.ContainerStatus{containerStatus("main", digest, state)},
	}}
}

func TestAwaitRuns(t *testing.T) {
	t.Parallel()
	wanted := []wantedImage{{list: "containers", container: "main", digest: signedDigest}}
	starting := statusOfPod(corev1.PodPending, signedDigest, waiting)
	for name, test := range map[string]struct {
		then *corev1.Pod // what becomes of one that waits for its image; nil if it is deleted
		does string
		says string
	}{
		"runs":      {statusOfPod(corev1.PodRunning, signedDigest, running), "running", ""},
		"completes": {statusOfPod(corev1.PodSucceeded, signedDigest, completed), "completed", ""},
		"another image": {
			statusOfPod(corev1.PodRunning, otherDigest, running), "",
			"runs " + otherDigest + " instead of the pinned " + signedDigest,
		},
		"fails": {
			statusOfPod(corev1.PodFailed, signedDigest, broken), "",
			`it failed: container "main" ended with exit code 3`,
		},
		"deleted": {nil, "", `it was deleted before it ran: container "main" waits: ErrImagePull blocked`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := kubetest.New(t)
			server.Put(t, starting)
			go func() {
				server.AwaitWatch(t, "pods", 1)
				if test.then == nil {
					server.Delete(t, "pods", "default", "app")
					return
				}
				server.Put(t, test.then)
			}()
			does, err := awaitRuns(t.Context(), server.Client(t), "default", "app", wanted, nil)
			says(t, err, test.says)
			if does != test.does {
				t.Errorf("it does %q, not %q", does, test.does)
			}
		})
	}
	t.Run("never", func(t *testing.T) {
		t.Parallel()
		server := kubetest.New(t)
		server.Put(t, starting)
		_, err := awaitRuns(short(t), server.Client(t), "default", "app", wanted, nil)
		says(
			t, err,
			`pod "app" doesn't run as it must: it took longer than 1s `+
				`(last seen: container "main" waits: ErrImagePull blocked)`,
		)
	})
}

func TestAwaitCompletion(t *testing.T) {
	t.Parallel()
	ended := func(condition batchv1.JobConditionType, status corev1.ConditionStatus) *batchv1.Job {
		return &batchv1.Job{ObjectMeta: in("job", "1"), Status: batchv1.JobStatus{
			Active: 1, Conditions: []batchv1.JobCondition{{Type: condition, Status: status, Message: "too often"}},
		}}
	}
	for name, test := range map[string]struct {
		job  *batchv1.Job
		says string
	}{
		"complete": {ended(batchv1.JobComplete, corev1.ConditionTrue), ""},
		"failed":   {ended(batchv1.JobFailed, corev1.ConditionTrue), "it failed: too often"},
		"not complete": {
			ended(batchv1.JobComplete, corev1.ConditionFalse),
			"(last seen: 1 pods of it run, 0 have succeeded, 0 have failed)",
		},
		"suspended": {ended(batchv1.JobSuspended, corev1.ConditionTrue), "took longer than 1s"},
	} {
		server := kubetest.New(t)
		server.Put(t, test.job)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			says(t, awaitCompletion(short(t), server.Client(t), "default", "job"), test.says)
		})
	}
}

// asUnstructured is an object as a dynamic client gets it.
func asUnstructured(t *testing.T, kind string, object runtime.Object) *unstructured.Unstructured {
	t.Helper()
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		t.Fatal(err)
	}
	converted := &unstructured.Unstructured{Object: fields}
	converted.SetKind(kind)
	return converted
}

// refusal is an event by which a controller tells that it couldn't make a pod.
func refusal(name, kind, about, uid, message string) *corev1.Event {
	return &corev1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name}, Reason: "FailedCreate", Message: message,
		InvolvedObject: corev1.ObjectReference{Kind: kind, Namespace: "default", Name: about, UID: types.UID(uid)},
	}
}

// TestAwaitPod has pods and events of others beside those of the Deployment.
func TestAwaitPod(t *testing.T) {
	t.Parallel()
	isController := true
	replicaSet := &appsv1.ReplicaSet{ObjectMeta: in("app-1", "2")}
	replicaSet.OwnerReferences = []metav1.OwnerReference{
		{APIVersion: "apps/v1", Kind: "Deployment", Name: "app", UID: "1", Controller: &isController},
	}
	podOf := func(label, image string) *corev1.Pod {
		pod := &corev1.Pod{
			ObjectMeta: in("pod-of-"+label, "3"),
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: image}}},
		}
		pod.Labels = map[string]string{"app": label}
		return pod
	}
	const denied = `pods is forbidden: admission webhook "w" denied the request: unsigned`
	for name, test := range map[string]struct {
		there []runtime.Object
		says  string
	}{
		"its pod": {[]runtime.Object{podOf("app", "new")}, ""},
		"an older one": {
			[]runtime.Object{podOf("app", "old")}, `(last seen: pod "pod-of-app" with the images ["old"])`,
		},
		"another's": {
			[]runtime.Object{podOf("web", "new")}, "none appeared: it took longer than 1s (last seen: nothing)",
		},
		"refused": {
			[]runtime.Object{refusal("e", "Deployment", "app", "1", denied)}, "its pods: one was refused: " + denied,
		},
		"refused to its set": {
			[]runtime.Object{replicaSet, refusal("e", "ReplicaSet", "app-1", "2", denied)},
			"its pods: one was refused: " + denied,
		},
		"refused to another": {
			[]runtime.Object{refusal("e", "Deployment", "web", "9", denied)}, "took longer than 1s",
		},
		"refused to no set": {
			[]runtime.Object{refusal("e", "ReplicaSet", "web-1", "9", denied)}, "took longer than 1s",
		},
		"after another fault": {
			[]runtime.Object{refusal("e", "Deployment", "app", "1", "object is being deleted")},
			"(its controller says: object is being deleted)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := kubetest.New(t)
			for _, object := range test.there {
				server.Put(t, object)
			}
			clients, err := newClients(server.Config())
			if err != nil {
				t.Fatal(err)
			}
			deployment := &appsv1.Deployment{ObjectMeta: in("app", "1")}
			deployment.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "app"}}
			found, err := awaitPod(short(t), clients, asUnstructured(t, "Deployment", deployment), []string{"new"})
			says(t, err, test.says)
			if err == nil && found.GetName() != "pod-of-app" {
				t.Errorf("the pod is %q", found.GetName())
			}
		})
	}
}

// TestAwaitPodThatMayNotBeWatched tells so at once, for pods and for events.
func TestAwaitPodThatMayNotBeWatched(t *testing.T) {
	t.Parallel()
	for _, resource := range []string{"pods", "events"} {
		t.Run(resource, func(t *testing.T) {
			t.Parallel()
			server := kubetest.New(t)
			server.Deny(
				resource,
				apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "", errors.New("no rights")),
			)
			clients, err := newClients(server.Config())
			if err != nil {
				t.Fatal(err)
			}
			deployment := &appsv1.Deployment{ObjectMeta: in("app", "1")}
			deployment.Spec.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{"app": "app"}}
			ctx, cancel := await.Within(t.Context(), 10*time.Second)
			defer cancel()
			_, err = awaitPod(ctx, clients, asUnstructured(t, "Deployment", deployment), nil)
			says(t, err, "no rights")
		})
	}
}

func TestSelectorOf(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		kind       string
		selector   map[string]any
		want, says string
	}{
		"labels":                {"Deployment", map[string]any{"matchLabels": map[string]any{"a": "b"}}, "a=b", ""},
		"ReplicationController": {"ReplicationController", map[string]any{"a": "b"}, "a=b", ""},
		"expressions": {
			"Job", map[string]any{"matchExpressions": []any{map[string]any{"key": "a", "operator": "Exists"}}}, "a", "",
		},
		"none": {"Deployment", nil, "", "has no selector of pods"},
		"no operator that is": {
			"Job", map[string]any{"matchExpressions": []any{map[string]any{"key": "a", "operator": "Like"}}}, "",
			"Like",
		},
		"something else as such": {"Job", map[string]any{"matchLabels": "a"}, "", "from string"},
	} {
		object := &unstructured.Unstructured{
			Object: map[string]any{"kind": test.kind, "spec": map[string]any{"selector": test.selector}},
		}
		got, err := selectorOf(object)
		if got != test.want {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
		says(t, err, test.says)
	}
}

func TestAwaitScheduled(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		observed int64
		says     string
	}{
		"looked at":        {2, ""},
		"looked at before": {1, "(last seen: generation 1, not 2)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := kubetest.New(t)
			daemonSet := &appsv1.DaemonSet{
				ObjectMeta: in("app", "1"),
				Status:     appsv1.DaemonSetStatus{ObservedGeneration: test.observed, DesiredNumberScheduled: 3},
			}
			daemonSet.Generation = 2
			server.Put(t, daemonSet)
			nodes, err := awaitScheduled(short(t), server.Client(t), asUnstructured(t, "DaemonSet", daemonSet))
			says(t, err, test.says)
			if err == nil && nodes != 3 {
				t.Errorf("%d nodes, not 3", nodes)
			}
		})
	}
}
