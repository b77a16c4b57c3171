package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"container-signing/internal/hint"
)

const (
	// lockInstalled is where the project's admission.yaml says that its folder
	// is.
	lockInstalled = "/etc/kubernetes/notation"
	// admissionFile is the API server's configuration in that folder.
	admissionFile = "admission.yaml"
)

// LockFolder is where the files are, in a cluster's folder, from which the API
// server reads policies that its API doesn't show.
func LockFolder(dir string) string { return filepath.Join(dir, "lock") }

// InstallLock copies the folder policies/apiserver to dir, and returns the
// arguments by which kube-apiserver reads its policies from there.
func InstallLock(folder, dir string) (args []string, err error) {
	if dir, err = filepath.Abs(dir); err == nil { // the API server wants it
		err = os.CopyFS(dir, os.DirFS(folder))
	}
	if err != nil {
		return nil, fmt.Errorf("copying the policies of the API server: %w", err)
	}
	file := filepath.Join(dir, admissionFile)
	content, err := os.ReadFile(file)
	if err == nil && !strings.Contains(string(content), lockInstalled) {
		err = hint.Add(errors.New("it doesn't name the folder that is replaced"), "name %s", lockInstalled)
	}
	if err == nil {
		here := strings.ReplaceAll(string(content), lockInstalled, dir)
		err = os.WriteFile(file, []byte(here), 0o600)
	}
	if err != nil {
		return nil, fmt.Errorf("preparing %q for the API server: %w", admissionFile, err)
	}
	return []string{
		"--feature-gates=ManifestBasedAdmissionControlConfig=true", "--admission-control-config-file=" + file,
	}, nil
}

// createStandIn creates the Deployment by which Kyverno is known to whoever
// would scale it to nothing. Kyverno itself runs beside the API server: this one
// is paused from the beginning, so that no pods are made of it.
func createStandIn(ctx context.Context, client kubernetes.Interface) error {
	labels := map[string]string{"app.kubernetes.io/component": "admission-controller"}
	replicas := int32(1)
	standIn := &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: kyvernoAccount},
		Spec: appsv1.DeploymentSpec{
			Paused: true, Replicas: &replicas, Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "kyverno", Image: "kyverno"}}},
			},
		},
	}
	_, err := client.AppsV1().Deployments(KyvernoNamespace).Create(ctx, standIn, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("creating Deployment %q: %w", kyvernoAccount, err)
	}
	return nil
}
