package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"container-signing/e2e/internal/await"
)

var customResourceDefinitions = schema.GroupVersionResource{
	Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions",
}

// createKyvernoObjects creates what Kyverno needs to find when it starts.
// Its resource definitions are in a folder.
func createKyvernoObjects(ctx context.Context, config *rest.Config, definitions string) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { return createDefinitions(ctx, config, client, definitions) })
	work.Go(func() error { return createConfiguration(ctx, client) })
	return work.Wait()
}

// createConfiguration creates Kyverno's namespace, its certificate, and the two
// configurations that it reads at its start. They are empty: nothing but the
// policies themselves says what is left unchecked.
func createConfiguration(ctx context.Context, client kubernetes.Interface) error {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: KyvernoNamespace}}
	if _, err := client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("creating namespace %q: %w", KyvernoNamespace, err)
	}
	for _, name := range []string{"kyverno", "kyverno-metrics"} {
		config := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}
		_, err := client.CoreV1().ConfigMaps(KyvernoNamespace).Create(ctx, config, metav1.CreateOptions{})
		if err != nil {
			return fmt.Errorf("creating ConfigMap %q: %w", name, err)
		}
	}
	return createCertificate(ctx, client)
}

// createDefinitions creates the custom resource definitions in a folder and returns
// when the API server serves them all.
func createDefinitions(ctx context.Context, config *rest.Config, client kubernetes.Interface, folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err == nil && len(files) == 0 {
		err = errors.New("there are none")
	}
	if err != nil {
		return fmt.Errorf("looking for Kyverno's custom resource definitions in %q: %w", folder, err)
	}
	work, workCtx := errgroup.WithContext(ctx)
	work.SetLimit(4)
	for _, file := range files {
		work.Go(func() error {
			definition, err := os.ReadFile(file)
			if err != nil {
				return fmt.Errorf("reading a custom resource definition: %w", err)
			}
			err = client.Discovery().RESTClient().Post().
				AbsPath("/apis/apiextensions.k8s.io/v1/customresourcedefinitions").
				SetHeader("Content-Type", runtime.ContentTypeJSON).Body(definition).Do(workCtx).Error()
			if err != nil && !apierrors.IsAlreadyExists(err) {
				return fmt.Errorf("creating custom resource definition %q: %w", filepath.Base(file), err)
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	return await.Objects(ctx, config, customResourceDefinitions, len(files), established)
}

func established(definition *unstructured.Unstructured) bool {
	return hasCondition(definition, "Established")
}

// hasCondition tells whether a condition in an object's status is true.
func hasCondition(object *unstructured.Unstructured, condition string) bool {
	conditions, _, err := unstructured.NestedSlice(object.Object, "status", "conditions")
	if err != nil {
		return false
	}
	for _, one := range conditions {
		fields, ok := one.(map[string]any)
		if ok && fields["type"] == condition && fields["status"] == "True" {
			return true
		}
	}
	return false
}
