package judge

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

// containerStatus is a container that runs the image with a digest.
func containerStatus(name, digest string, state corev1.ContainerState) corev1.ContainerStatus {
	return corev1.ContainerStatus{
		Name:        name,
		ImageID:     "registry/app@" + digest,
		ContainerID: "containerd://1",
		State:       state,
		Ready:       true,
	}
}

var (
	running   = corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	completed = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{}}
	broken    = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 3}}
	waiting   = corev1.ContainerState{
		Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull", Message: "blocked"},
	}
)

func TestWhatContainersDo(t *testing.T) {
	ready := []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	tests := map[string]struct {
		init, main *corev1.ContainerState
		conditions []corev1.PodCondition
		does, why  string
	}{
		"running":            {&completed, &running, ready, "running", ""},
		"completed":          {&completed, &completed, nil, "completed", ""},
		"not ready":          {&completed, &running, nil, "", "the pod isn't ready"},
		"nothing yet":        {nil, nil, nil, "", "hasn't been started"},
		"main not started":   {&completed, nil, nil, "", `container "main" hasn't been started`},
		"init broken":        {&broken, nil, nil, "", `container "init" ended with exit code 3`},
		"main broken":        {&completed, &broken, nil, "", `container "main" ended with exit code 3`},
		"waits for an image": {&completed, &waiting, nil, "", "ErrImagePull blocked"},
	}
	wanted := []wantedImage{{list: "initContainers", container: "init"}, {list: "containers", container: "main"}}
	for name, test := range tests {
		pod := &corev1.Pod{Status: corev1.PodStatus{Conditions: test.conditions}}
		if test.init != nil {
			pod.Status.InitContainerStatuses = []corev1.ContainerStatus{containerStatus("init", "sha256:1", *test.init)}
		}
		if test.main != nil {
			pod.Status.ContainerStatuses = []corev1.ContainerStatus{containerStatus("main", "sha256:1", *test.main)}
		}
		does, why := whatContainersDo(pod, wanted)
		if does != test.does || !strings.Contains(why, test.why) || (why == "") != (test.why == "") {
			t.Errorf("%s: %q, %q", name, does, why)
		}
	}
}

func TestCheckImageIDs(t *testing.T) {
	images := Images{"signed": {Digest: "sha256:1", SameContent: []string{"sha256:2"}}, "other": {Digest: "sha256:1"}}
	wanted := []wantedImage{{list: "containers", container: "main", digest: "sha256:1"}}
	for digest, want := range map[string]bool{"sha256:1": true, "sha256:2": true, "sha256:3": false, "": false} {
		pod := &corev1.Pod{
			Status: corev1.PodStatus{
				ContainerStatuses: []corev1.ContainerStatus{containerStatus("main", digest, running)},
			},
		}
		if err := checkImageIDs(pod, wanted, images); (err == nil) != want {
			t.Errorf("%q: %v", digest, err)
		}
	}
	pod := &corev1.Pod{
		Status: corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{Name: "main", ImageID: "registry/app"}}},
	}
	if err := checkImageIDs(pod, wanted, images); err == nil {
		t.Error("an image without a digest is taken for the pinned one")
	}
}
