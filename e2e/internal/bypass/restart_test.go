package bypass

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"container-signing/e2e/internal/kubetest"
)

// A deployed node runs the pods of Deployments.
type deployed struct {
	server     *kubetest.Server
	containers map[string]string // IDs, by pod
	processes  map[string]string
	broken     bool // it starts nothing more
}

func newDeployed(t *testing.T) *deployed {
	d := &deployed{
		server:     kubetest.New(t),
		containers: map[string]string{},
		processes: map[string]string{
			"containerd": "process 7, started at 100",
			"kubelet":    "process 8, started at 101",
		},
	}
	d.server.OnWrite(nil, func(object *unstructured.Unstructured) {
		var deployment appsv1.Deployment
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, &deployment); err != nil ||
			d.broken {
			return
		}
		replicas := int32(1)
		if deployment.Spec.Replicas != nil {
			replicas = *deployment.Spec.Replicas
		}
		for number := range replicas {
			d.run(t, fmt.Sprintf("%s-%d", deployment.Name, number))
		}
		deployment.Status.AvailableReplicas = replicas
		d.server.Put(t, &deployment)
	})
	return d
}

// run runs a pod in its container, or in a new one.
func (d *deployed) run(t *testing.T, name string) {
	if d.containers[name] == "" {
		d.containers[name] = fmt.Sprint("container-", len(d.containers))
	}
	isController := true
	d.server.Put(t, &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "default", Name: name,
			OwnerReferences: []metav1.OwnerReference{
				{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "x", Controller: &isController},
			},
		},
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
			Name: "main", ContainerID: "containerd://" + d.containers[name],
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}},
		}}},
	})
}

// restart is one that goes well. A test breaks something about it.
func (d *deployed) restart() Restart {
	return Restart{
		Do: func(context.Context) error {
			d.processes = map[string]string{
				"containerd": "process 9, started at 200",
				"kubelet":    "process 8, started at 201",
			}
			return nil
		},
		Running: func(context.Context) (running []string, err error) {
			for _, id := range d.containers {
				running = append(running, id)
			}
			return running, nil
		},
		Processes: func(context.Context) (map[string]string, error) { return maps.Clone(d.processes), nil },
	}
}

func (d *deployed) cluster() Cluster {
	return Cluster{Config: d.server.Config(), Images: testImages, Limit: 20 * time.Second}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	d := newDeployed(t)
	verdict, err := JudgeRestart(t.Context(), d.cluster(), d.restart())
	if err != nil || !verdict.Passed || verdict.Workload != "restart/deployment" || verdict.Runs != "yes" ||
		verdict.Seconds <= 0 {
		t.Errorf("got %+v, %v", verdict, err)
	}
	if verdict.Detail != "1 containers stay as they are, another one starts" {
		t.Errorf("the detail is %q", verdict.Detail)
	}
}

// TestRestartThatFails restarts nothing, or only a part, or takes the pods with
// it.
func TestRestartThatFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(d *deployed, r *Restart)
		says   string
	}{
		"nothing": {func(_ *deployed, r *Restart) {
			r.Do = func(context.Context) error { return nil }
		}, "containerd wasn't restarted: it still is process 7, started at 100"},
		"containerd only": {func(d *deployed, r *Restart) {
			r.Do = func(context.Context) error { d.processes["containerd"] = "process 9, started at 200"; return nil }
		}, "kubelet wasn't restarted"},
		"kubelet only": {func(d *deployed, r *Restart) {
			r.Do = func(context.Context) error { d.processes["kubelet"] = "process 9, started at 200"; return nil }
		}, "containerd wasn't restarted"},
		"without an end": {func(d *deployed, r *Restart) {
			r.Do = func(context.Context) error {
				d.processes = map[string]string{"containerd": "process 9, started at 200"}
				return nil
			}
		}, "no process of kubelet was found after the restart"},
		"what isn't there": {func(d *deployed, _ *Restart) {
			delete(d.processes, "containerd")
		}, "no process of containerd was found before the restart"},
		"in vain": {func(_ *deployed, r *Restart) {
			r.Do = func(context.Context) error { return errors.New("it hasn't ended within 20s") }
		}, "it hasn't ended within 20s"},
		"nobody can tell": {func(_ *deployed, r *Restart) {
			r.Processes = func(context.Context) (map[string]string, error) { return nil, errors.New("no /proc") }
		}, "looking for processes before the restart: no /proc"},
		"pods are gone from the runtime": {func(_ *deployed, r *Restart) {
			r.Running = func(context.Context) ([]string, error) { return []string{"another"}, nil }
		}, "which the container runtime doesn't run"},
		"the runtime doesn't answer": {func(_ *deployed, r *Restart) {
			r.Running = func(context.Context) ([]string, error) { return nil, errors.New("no runtime") }
		}, "no runtime"},
		"pods are in other containers": {func(d *deployed, r *Restart) {
			do := r.Do
			r.Do = func(ctx context.Context) error { d.containers["stays-0"] = "another"; return do(ctx) }
		}, "not all pods outlived the restart: default/stays-0/main was container container-0"},
		"nothing starts any more": {func(d *deployed, r *Restart) {
			do := r.Do
			r.Do = func(ctx context.Context) error { d.broken = true; return do(ctx) }
		}, `after the restart: waiting for 2 pods of Deployment "stays": it took longer than 1s (last seen: 1 are `},
		"nothing starts at all": {func(d *deployed, _ *Restart) {
			d.broken = true
		}, "waiting for 1 pods of Deployment \"stays\": it took longer than 1s (last seen: 0 are available)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDeployed(t)
			restart, cluster := d.restart(), d.cluster()
			cluster.Limit = time.Second
			test.change(d, &restart)
			verdict, err := JudgeRestart(t.Context(), cluster, restart)
			if err != nil || verdict.Passed || verdict.Runs != "" || !strings.Contains(verdict.Failure, test.says) {
				t.Errorf("got %+v, %v; want %q", verdict, err, test.says)
			}
		})
	}
}

// TestInterruptedRestart is no verdict, whatever the end of the run does to the
// restart.
func TestInterruptedRestart(t *testing.T) {
	t.Parallel()
	interrupted := errors.New("interrupted")
	for name, do := range map[string]func(context.Context) error{
		"fails by it":   context.Cause,
		"fails besides": func(context.Context) error { return errors.New("containerd: connection reset") },
		"goes well":     func(context.Context) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDeployed(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			restart := d.restart()
			restart.Do = func(inner context.Context) error {
				cancel(interrupted)
				return do(inner)
			}
			verdict, err := JudgeRestart(ctx, d.cluster(), restart)
			if !errors.Is(err, interrupted) || verdict.Failure != "" {
				t.Errorf("got %+v, %v", verdict, err)
			}
		})
	}
}
