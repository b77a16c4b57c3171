package lock

import (
	"context"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// A kind is one of objects, as the API serves it.
type kind struct {
	name     string
	resource schema.GroupVersionResource
}

func kindOf(name, group, version string) kind {
	plural := strings.ToLower(name) + "s"
	if strings.HasSuffix(name, "y") {
		plural = strings.TrimSuffix(plural, "ys") + "ies"
	}
	return kind{name, schema.GroupVersionResource{Group: group, Version: version, Resource: plural}}
}

const admission = "admissionregistration.k8s.io"

var (
	configMap         = kindOf("ConfigMap", "", "v1")
	namespace         = kindOf("Namespace", "", "v1")
	deployment        = kindOf("Deployment", "apps", "v1")
	validatingWebhook = kindOf("ValidatingWebhookConfiguration", admission, "v1")
	mutatingWebhook   = kindOf("MutatingWebhookConfiguration", admission, "v1")
	definition        = kindOf("CustomResourceDefinition", "apiextensions.k8s.io", "v1")
	apiService        = kindOf("APIService", "apiregistration.k8s.io", "v1")
)

// A request is what the API server is asked for, as a dry run.
type request struct {
	kind            kind
	namespace, name string
	subresource     string // or ""
	// body is an object to create if there is no name, and otherwise a patch: a
	// JSON patch if it is a list, and else a merge patch. Without a body the
	// object is deleted, and all of the kind if there is no name either.
	body string
	// as is another user, by impersonation; empty for the caller.
	as rest.ImpersonationConfig
}

// send returns the API server's answer: nil if it grants the request.
func (r request) send(ctx context.Context, config *rest.Config) error {
	config = rest.CopyConfig(config)
	config.WarningHandler = rest.NoWarnings{}
	config.Impersonate = r.as
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	var served dynamic.ResourceInterface = client.Resource(r.kind.resource)
	if r.namespace != "" {
		served = client.Resource(r.kind.resource).Namespace(r.namespace)
	}
	var subresources []string
	if r.subresource != "" {
		subresources = []string{r.subresource}
	}
	dry := []string{metav1.DryRunAll}
	switch {
	case r.name == "" && r.body == "":
		return served.DeleteCollection(ctx, metav1.DeleteOptions{DryRun: dry}, metav1.ListOptions{})
	case r.name == "":
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON([]byte(r.body)); err != nil {
			return err
		}
		_, err = served.Create(ctx, object, metav1.CreateOptions{DryRun: dry})
		return err
	case r.body == "":
		return served.Delete(ctx, r.name, metav1.DeleteOptions{DryRun: dry})
	}
	form := types.MergePatchType
	if strings.HasPrefix(r.body, "[") {
		form = types.JSONPatchType
	}
	_, err = served.Patch(ctx, r.name, form, []byte(r.body), metav1.PatchOptions{DryRun: dry}, subresources...)
	return err
}
