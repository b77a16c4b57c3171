package fault

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/flowcontrol"
)

const (
	// clientPatience is how long most wait for an answer: so they tell the API server
	// (?timeout=), which then gives up what it does for them.
	clientPatience = 3 * time.Second
	// signedPatience is that of those who are to be admitted: so long that a small
	// machine verifies in it, whatever else it does.
	signedPatience = 10 * time.Second
	// answering is how much later than that an answer may come.
	answering = 2 * time.Second
	// webhookPatience is longer than a webhook may take (30 s), and the other
	// after it.
	webhookPatience = 61 * time.Second
	// updatePatience is so long that only a fault makes it too short.
	updatePatience = 20 * time.Second
)

// How many tries are begun in a second, by all actors of a class together: as
// many as leave a small machine time for what it is to do about them.
const (
	unsignedPace = 10
	signedPace   = 3
	updatePace   = 4
	patientPace  = 1
)

// actors are all that try something.
func (p *Place) actors() []actor {
	pods, deployments := p.client.CoreV1().RESTClient(), p.client.AppsV1().RESTClient()
	apply := func(name string, class class, make func(name string) (rest.Interface, string, metav1.Object)) actor {
		try := func(ctx context.Context, number int) (string, error) {
			client, resource, object := make(fmt.Sprintf("%s-%d", name, number))
			return create(ctx, client, resource, object, class)
		}
		patience := clientPatience
		if class == signed {
			patience = signedPatience
		}
		return actor{name: name, class: class, patience: patience, try: try}
	}
	pod := func(name string, class class, change func(*corev1.Pod), image string) actor {
		return apply(name, class, func(name string) (rest.Interface, string, metav1.Object) {
			made := p.pod(name, image, string(class))
			change(made)
			return pods, "pods", made
		})
	}
	deployment := func(name string, class class, image string) actor {
		return apply(name, class, func(name string) (rest.Interface, string, metav1.Object) {
			return deployments, "deployments", p.deployment(name, image, string(class), 1)
		})
	}
	asItIs := func(*corev1.Pod) {}
	patient := pod("patient", unsigned, asItIs, byDigestImage)
	patient.patient, patient.patience = true, webhookPatience
	all := []actor{
		pod("pod-unsigned", unsigned, asItIs, unsignedImage),
		pod("pod-unsigned-by-digest", unsigned, asItIs, byDigestImage),
		pod("pod-signed-by-another-ca", unsigned, asItIs, anotherCAImage),
		pod("pod-unsigned-init-container", unsigned, func(pod *corev1.Pod) {
			init := *pod.Spec.Containers[0].DeepCopy()
			init.Name, init.Image = "init", p.Images[byDigestImage].Reference
			pod.Spec.InitContainers = []corev1.Container{init}
		}, signedImage),
		deployment("deployment-unsigned", unsigned, unsignedImage),
		deployment("deployment-unsigned-by-digest", unsigned, byDigestImage),
		pod("pod-signed", signed, asItIs, signedImage),
		deployment("deployment-signed", signed, signedImage),
		patch("pod-label", pods, "pods", before, `{"metadata":{"labels":{"number":"%d"}}}`),
		patch("deployment-scale", deployments, "deployments", before, `{"spec":{"replicas":%d}}`),
		patch("deployment-finalizers", deployments, "deployments", stays,
			`{"metadata":{"finalizers":["container-signing/number-%d"]}}`),
		patient,
	}
	return paced(all)
}

// paced holds the actors to their paces.
func paced(all []actor) []actor {
	limits := map[class]flowcontrol.RateLimiter{
		unsigned: flowcontrol.NewTokenBucketRateLimiter(unsignedPace, 1),
		signed:   flowcontrol.NewTokenBucketRateLimiter(signedPace, 1),
		update:   flowcontrol.NewTokenBucketRateLimiter(updatePace, 1),
	}
	for i := range all {
		all[i].pace = limits[all[i].class]
		if all[i].patient {
			all[i].pace = flowcontrol.NewTokenBucketRateLimiter(patientPace, 1)
		}
	}
	return all
}
