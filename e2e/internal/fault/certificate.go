package fault

import (
	"context"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/cluster"
)

// A certificate is that which Kyverno serves, with its CA: it makes others when
// they are gone.
type certificate struct {
	place *Place
	old   map[string]types.UID
}

func (c *certificate) secrets() typedcorev1.SecretInterface {
	return c.place.client.CoreV1().Secrets(cluster.KyvernoNamespace)
}

func (c *certificate) delete(ctx context.Context) error {
	for _, name := range cluster.KyvernoSecrets() {
		secret, err := c.secrets().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		c.old[name] = secret.UID
	}
	var faults []error
	for _, name := range cluster.KyvernoSecrets() {
		faults = append(faults, c.secrets().Delete(ctx, name, metav1.DeleteOptions{}))
	}
	return errors.Join(faults...)
}

// awaitOthers returns when Kyverno has made others.
func (c *certificate) awaitOthers(ctx context.Context) error {
	for _, name := range cluster.KyvernoSecrets() {
		see := func(secret *corev1.Secret, gone bool) error {
			if gone || secret.UID == c.old[name] {
				return await.NotYet("the one before")
			}
			return nil
		}
		if err := await.Until(ctx, c.secrets(), await.Named(name), see); err != nil {
			return fmt.Errorf("waiting for another Secret %q, which Kyverno makes: %w", name, err)
		}
	}
	return nil
}

// ofCertificate is the fault of that certificate. It ends by itself.
func (w World) ofCertificate() []Fault {
	kept := &certificate{w.Place, map[string]types.UID{}}
	return []Fault{{
		Name: "kyverno-certificate-deleted", Does: "the Secrets with Kyverno's certificate and its CA are deleted",
		Why: "whose certificate isn't known can't be asked", KnownFrom: failurePolicies,
		Begin: kept.delete, Seen: kept.awaitOthers, End: func(context.Context) error { return nil },
	}}
}
