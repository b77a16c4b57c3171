package fault

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	registrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"container-signing/e2e/internal/apiservertest"
	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/report"
)

// TestCluster brings faults of a webhook about at a real API server.
func TestCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("-short leaves out what needs built tools")
	}
	t.Parallel()
	place := &Place{Config: apiservertest.Start(t), Images: judge.Images{
		signedImage: {Reference: "127.0.0.1:1/good:1"}, unsignedImage: {Reference: "127.0.0.1:1/bad:1"},
		byDigestImage:  {Reference: "127.0.0.1:1/bad@sha256:" + strings.Repeat("1", 64)},
		anotherCAImage: {Reference: "127.0.0.1:1/bad:2"},
	}}
	if err := place.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	hook := &webhook{t: t, place: place}
	hook.start()
	t.Cleanup(func() { hook.server.Close() })
	hook.register(registrationv1.Fail)
	stops := Fault{
		Name: "stops", Signed: Waits, Updates: Goes, Words: regexp.MustCompile("failed calling webhook"),
		Begin: func(context.Context) error { hook.server.Close(); return nil },
		End:   func(context.Context) error { hook.start(); return nil },
	}
	checkVerdict(t, place, stops, "")

	left := Fault{
		Name: "is left out", Begin: func(context.Context) error { hook.unregister(); return nil },
		End: func(context.Context) error { hook.register(registrationv1.Fail); return nil },
	}
	checkVerdict(t, place, left, validating+" had no rule for new pods that fails closed")

	hook.unregister()
	hook.register(registrationv1.Ignore)
	checkVerdict(t, place, stops, ") was admitted ")
	if names, err := place.admitted(t.Context()); err != nil || len(names) == 0 {
		t.Errorf("of the unsigned ones that are there it lists %v (%v)", names, err)
	}
}

// checkVerdict brings a fault about, and looks for what has to be wrong with it;
// nothing if it has to pass.
func checkVerdict(t *testing.T, place *Place, fault Fault, failure string) {
	t.Helper()
	verdicts, err := place.Run(t.Context(), []Fault{fault}, func(_ string, do func() error) error { return do() })
	if err != nil || len(verdicts) != 1 {
		t.Fatalf("%v (%v)", verdicts, err)
	}
	v := verdicts[0]
	if v.Passed != (failure == "") || !strings.Contains(v.Failure, failure) {
		t.Errorf("%s: passed %v, %q isn't in %q", fault.Name, v.Passed, failure, v.Failure)
	}
	if (v.Seen == report.Refused) != v.Passed {
		t.Errorf("%s: seen %s, passed %v", fault.Name, v.Seen, v.Passed)
	}
	t.Log(v.Detail)
}

// A webhook refuses images called bad.
type webhook struct {
	t       *testing.T
	place   *Place
	address string
	server  *httptest.Server
}

// start starts it, the second time at the address of the first.
func (h *webhook) start() {
	if h.address == "" {
		h.address = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", h.address)
	if err != nil {
		h.t.Fatal(err)
	}
	h.address = listener.Addr().String()
	h.server = httptest.NewUnstartedServer(http.HandlerFunc(h.answer))
	if err := h.server.Listener.Close(); err != nil {
		h.t.Fatal(err)
	}
	h.server.Listener = listener
	h.server.StartTLS()
}

func (h *webhook) answer(w http.ResponseWriter, r *http.Request) {
	var review admissionv1.AdmissionReview
	if err := json.NewDecoder(r.Body).Decode(&review); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	review.Response = &admissionv1.AdmissionResponse{
		UID: review.Request.UID, Allowed: !strings.Contains(string(review.Request.Object.Raw), "/bad"),
	}
	// The API server tells of an answer that it can't read.
	_ = json.NewEncoder(w).Encode(review)
}

// register has the API server ask it, under the names that Kyverno's webhooks
// have.
func (h *webhook) register(policy registrationv1.FailurePolicyType) {
	h.t.Helper()
	url, none := h.server.URL, registrationv1.SideEffectClassNone
	client := registrationv1.WebhookClientConfig{
		URL: &url, CABundle: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.server.Certificate().Raw}),
	}
	rules := []registrationv1.RuleWithOperations{{
		Operations: []registrationv1.OperationType{registrationv1.Create},
		Rule: registrationv1.Rule{
			APIGroups: []string{"", "apps"}, APIVersions: []string{"v1"}, Resources: []string{"pods", "deployments"},
		},
	}}
	hooks := h.place.client.AdmissionregistrationV1()
	ctx := h.t.Context()
	_, err := hooks.MutatingWebhookConfigurations().Create(ctx, &registrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: mutating},
		Webhooks: []registrationv1.MutatingWebhook{{
			Name: "mutate.example.test", ClientConfig: client, Rules: rules, FailurePolicy: &policy, SideEffects: &none,
			AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		h.t.Fatal(err)
	}
	_, err = hooks.ValidatingWebhookConfigurations().Create(ctx, &registrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: validating},
		Webhooks: []registrationv1.ValidatingWebhook{{
			Name: "check.example.test", ClientConfig: client, Rules: rules, FailurePolicy: &policy, SideEffects: &none,
			AdmissionReviewVersions: []string{"v1"},
		}},
	}, metav1.CreateOptions{})
	if err != nil {
		h.t.Fatal(err)
	}
	h.awaitAsked()
}

// awaitAsked returns when the API server asks it.
func (h *webhook) awaitAsked() {
	h.t.Helper()
	for h.t.Context().Err() == nil {
		pod := h.place.pod("asked", unsignedImage, "")
		options := metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}}
		_, err := h.place.client.CoreV1().Pods(Namespace).Create(h.t.Context(), pod, options)
		if err != nil {
			return
		}
	}
}

func (h *webhook) unregister() {
	hooks := h.place.client.AdmissionregistrationV1()
	err := hooks.MutatingWebhookConfigurations().Delete(h.t.Context(), mutating, metav1.DeleteOptions{})
	if err != nil {
		h.t.Error(err)
	}
	err = hooks.ValidatingWebhookConfigurations().Delete(h.t.Context(), validating, metav1.DeleteOptions{})
	if err != nil {
		h.t.Error(err)
	}
}
