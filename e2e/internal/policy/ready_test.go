package policy

import (
	"context"
	"errors"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

func condition(kind, status any) map[string]any {
	return map[string]any{"type": kind, "status": status}
}

// TestReady reads what Kyverno says of its kinds, and what it might say.
func TestReady(t *testing.T) {
	t.Parallel()
	newer := func(conditions ...any) map[string]any {
		return map[string]any{"conditionStatus": map[string]any{"conditions": conditions}}
	}
	older := func(conditions ...any) map[string]any { return map[string]any{"conditions": conditions} }
	for name, c := range map[string]struct {
		status any
		want   bool
	}{
		"configured":              {newer(condition("RBACPermissionsGranted", "False"), condition("WebhookConfigured", "True")), true},
		"a ClusterPolicy":         {older(condition("Ready", "True")), true},
		"not configured":          {newer(condition("WebhookConfigured", "False")), false},
		"unknown":                 {newer(condition("WebhookConfigured", "Unknown")), false},
		"ready, not configured":   {newer(condition("Ready", "True"), condition("WebhookConfigured", "False")), false},
		"another place":           {older(condition("WebhookConfigured", "True")), false},
		"a ClusterPolicy waits":   {older(condition("Ready", "False")), false},
		"no status":               {nil, false},
		"no conditions":           {newer(), false},
		"true, not a text":        {older(condition("Ready", true)), false},
		"conditions no list":      {map[string]any{"conditions": "Ready"}, false},
		"status no map":           {"Ready", false},
		"conditions of odd types": {older("Ready", nil, int64(5), condition(nil, "True")), false},
	} {
		object := map[string]any{}
		if c.status != nil {
			object["status"] = c.status
		}
		if got := ready(&unstructured.Unstructured{Object: object}); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// nowhere is the address of no API server: nobody may listen at port 1 without
// root, and nobody does.
var nowhere = &rest.Config{Host: "http://127.0.0.1:1"}

// TestNoAnswer names what was done when there is no API server, and ends.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	policies, err := Load(write(t, map[string]string{"a.yaml": one}))
	if err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("given up after 1s"))
	resource := schema.GroupVersionResource{Group: "kyverno.io", Version: "v1", Resource: "clusterpolicies"}
	unreadable := &rest.Config{Host: "http://127.0.0.1:1", TLSClientConfig: rest.TLSClientConfig{CAData: []byte("no PEM")}}
	for name, c := range map[string]struct {
		err  error
		says []string
	}{
		"trusting": {Trust(t.Context(), nowhere, nil), []string{"creating ConfigMap kyverno/notation-ca", "connection refused"}},
		"applying": {
			Apply(t.Context(), nowhere, policies), []string{`applying ImageValidatingPolicy "one": `, "connection refused"},
		},
		"waiting": {
			awaitReady(ended, nowhere, resource, policies[0]),
			[]string{`waiting for ImageValidatingPolicy "one" to be ready, with status`, "given up after 1s"},
		},
		"a client to trust": {Trust(t.Context(), unreadable, nil), []string{"making a client: "}},
		"a client to apply": {Apply(t.Context(), unreadable, policies), []string{"making a client: "}},
	} {
		for _, words := range c.says {
			if c.err == nil || !strings.Contains(c.err.Error(), words) {
				t.Errorf("%s: got %v, want %q", name, c.err, words)
			}
		}
	}
	resource.Group = "admissionregistration.k8s.io"
	if err := awaitReady(t.Context(), nowhere, resource, policies[0]); err != nil {
		t.Errorf("Kubernetes' own kinds have no status to wait for: %v", err)
	}
}
