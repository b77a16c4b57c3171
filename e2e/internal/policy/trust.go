package policy

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"

	"container-signing/internal/hint"
)

// The ConfigMap from which the policies take the CA to trust.
const (
	TrustNamespace = "kyverno"
	TrustName      = "notation-ca"
	TrustKey       = "ca.crt"
)

// Trust makes the CA in PEM the one that the policies trust. Another one is
// never replaced: policies may be in force that trust it.
func Trust(ctx context.Context, config *rest.Config, ca []byte) error {
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("making a client: %w", err)
	}
	maps := client.CoreV1().ConfigMaps(TrustNamespace)
	trust := &corev1.ConfigMap{
		ObjectMeta: metav1.ObjectMeta{Name: TrustName},
		Data:       map[string]string{TrustKey: string(ca)},
	}
	_, err = maps.Create(ctx, trust, metav1.CreateOptions{FieldManager: fieldManager})
	if apierrors.IsAlreadyExists(err) {
		err = checkTrusted(ctx, maps, string(ca))
	}
	if err != nil {
		return fmt.Errorf("creating ConfigMap %s/%s with the CA: %w", TrustNamespace, TrustName, err)
	}
	return nil
}

// checkTrusted makes sure that the ConfigMap that is there has this CA.
func checkTrusted(ctx context.Context, maps typedcorev1.ConfigMapInterface, ca string) error {
	present, err := maps.Get(ctx, TrustName, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if present.Data[TrustKey] != ca {
		return hint.Add(errors.New("it is there already, with another CA"),
			"give that CA, or delete the ConfigMap, after the policies that trust it")
	}
	return nil
}
