package judge

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	registrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"container-signing/e2e/internal/workload"
)

const (
	signedDigest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	otherDigest  = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
)

// podMakers are pods and all that makes pods.
var podMakers = []string{
	"pods", "pods/ephemeralcontainers", "deployments", "replicasets", "statefulsets", "daemonsets",
	"jobs", "cronjobs", "replicationcontrollers",
}

// refusals are what the webhook of the tests says to an image by its name.
var refusals = map[string]string{
	"unsigned": "Policy require-notation failed: no signature on %s",
	"clusterstyle": "\n\nresource Pod/x/y was blocked due to the following policies \n\n" +
		"require-notation:\n  rule: 'no signature on %s'\n",
	"otherpolicy": "Policy other failed: no signature on %s, says require-notation: too",
	"otherreason": "Policy require-notation error: the registry doesn't answer for %s",
	"otherimage":  "Policy require-notation failed: no signature on prefix-%s",
	"silent":      "",
}

// registerWebhooks registers an admission webhook that pins images and
// refuses some.
func registerWebhooks(t *testing.T, config *rest.Config) {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(admit))
	t.Cleanup(server.Close)
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	connect := func(path string) registrationv1.WebhookClientConfig {
		url := server.URL + path
		return registrationv1.WebhookClientConfig{URL: &url, CABundle: authority}
	}
	none := registrationv1.SideEffectClassNone
	rules := []registrationv1.RuleWithOperations{{
		Operations: []registrationv1.OperationType{registrationv1.Create, registrationv1.Update},
		Rule: registrationv1.Rule{
			APIGroups:   []string{"", "apps", "batch"},
			APIVersions: []string{"v1"},
			Resources:   podMakers,
		},
	}}
	hooks := client.AdmissionregistrationV1()
	_, err = hooks.MutatingWebhookConfigurations().Create(t.Context(), &registrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "pin"},
		Webhooks: []registrationv1.MutatingWebhook{
			{
				Name:                    "pin.example.test",
				ClientConfig:            connect("/mutate"),
				Rules:                   rules,
				SideEffects:             &none,
				AdmissionReviewVersions: []string{"v1"},
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = hooks.ValidatingWebhookConfigurations().Create(t.Context(), &registrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "check"},
		Webhooks: []registrationv1.ValidatingWebhook{
			{
				Name:                    "check.example.test",
				ClientConfig:            connect("/validate"),
				Rules:                   rules,
				SideEffects:             &none,
				AdmissionReviewVersions: []string{"v1"},
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
}

// admit answers one admission review.
func admit(w http.ResponseWriter, r *http.Request) {
	var review admissionv1.AdmissionReview
	if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	object := &unstructured.Unstructured{}
	if err := json.Unmarshal(review.Request.Object.Raw, &object.Object); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	kind, _ := workload.KindNamed(review.Request.Kind.Kind)
	response := &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
	if strings.HasPrefix(r.URL.Path, "/mutate") {
		response.Patch = pin(kind, object)
		jsonPatch := admissionv1.PatchTypeJSONPatch
		response.PatchType = &jsonPatch
	} else if broken := refuse(response, kind, object); broken {
		http.Error(w, "out of order", http.StatusInternalServerError)
		return
	}
	review.Response = response
	// The API server tells of an answer that it can't read.
	_ = json.NewEncoder(w).Encode(review)
}

// pin makes a JSON patch that pins images, except some.
func pin(kind workload.Kind, object *unstructured.Unstructured) []byte {
	for _, container := range kind.Containers(object) {
		image := container.Image()
		switch {
		case strings.Contains(image, "@") || strings.Contains(image, "unpinned"):
		case strings.Contains(image, "repinned"):
			container.SetImage(image + "@" + otherDigest)
		default:
			container.SetImage(image + "@" + signedDigest)
		}
	}
	// A patch of maps and strings can always be encoded.
	patch, _ := json.Marshal([]map[string]any{{"op": "replace", "path": "/spec", "value": object.Object["spec"]}})
	return patch
}

// refuse fills in a refusal if an image is one to refuse.
func refuse(
	response *admissionv1.AdmissionResponse,
	kind workload.Kind,
	object *unstructured.Unstructured,
) (broken bool) {
	for _, container := range kind.Containers(object) {
		image := container.Image()
		if strings.Contains(image, "/broken") {
			return true
		}
		if strings.Contains(image, "/laterunsigned") && kind.Kind == "Pod" {
			image = strings.ReplaceAll(image, "later", "")
		}
		for name, reason := range refusals {
			if strings.Contains(image, "/"+name) {
				response.Allowed = false
				response.Result = &metav1.Status{}
				if reason != "" {
					response.Result.Message = fmt.Sprintf(reason, image)
				}
			}
		}
	}
	return false
}
