package fault

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/policy"
	"container-signing/internal/pki"
)

// OfTrust are the faults of the ConfigMap with the CA. Asked says that Kyverno is
// asked about updates that leave all images in their places too.
func (p *Place) OfTrust(ctx context.Context, asked bool) ([]Fault, error) {
	maps := p.client.CoreV1().ConfigMaps(policy.TrustNamespace)
	present, err := maps.Get(ctx, policy.TrustName, metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("reading the ConfigMap with the CA: %w", err)
	}
	stranger, err := pki.NewAuthority("stranger", "EC-256")
	if err != nil {
		return nil, err
	}
	whole := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: policy.TrustName}, Data: present.Data}
	restore := func(ctx context.Context) error {
		if _, err := maps.Update(ctx, whole, metav1.UpdateOptions{}); err == nil {
			return nil
		}
		_, err := maps.Create(ctx, whole, metav1.CreateOptions{})
		return err
	}
	replace := func(data map[string]string) func(context.Context) error {
		return func(ctx context.Context) error {
			changed := whole.DeepCopy()
			changed.Data = data
			_, err := maps.Update(ctx, changed, metav1.UpdateOptions{})
			return err
		}
	}
	remove := func(ctx context.Context) error { return maps.Delete(ctx, policy.TrustName, metav1.DeleteOptions{}) }
	const key = policy.TrustKey
	var all []Fault
	for _, one := range []struct {
		name, does string
		begin      func(context.Context) error
	}{
		{"deleted", "the ConfigMap with the CA is deleted", remove},
		{"without-key", "the ConfigMap has the CA under another key", replace(map[string]string{"tls.crt": whole.Data[key]})},
		{"empty", "the CA is empty", replace(map[string]string{key: ""})},
		{"broken", "the CA is cut short", replace(map[string]string{key: whole.Data[key][:100]})},
		{"of-another", "the CA is another one", replace(map[string]string{key: string(stranger.PEM())})},
	} {
		all = append(all, Fault{
			Name: "ca-" + one.name, Does: one.does,
			Why: "who trusts nobody must accept no signature", KnownFrom: "docs/policies.md, withdrawn trust",
			Begin: one.begin, End: restore, Words: regexp.MustCompile(``), Signed: Waits, Updates: Goes,
		})
	}
	return all, nil
}

// OfCertificate are the faults of the certificate that Kyverno serves: it makes
// another one when it is gone.
func (p *Place) OfCertificate(secrets ...string) Fault {
	kept := p.client.CoreV1().Secrets(policy.TrustNamespace)
	old := map[string]types.UID{}
	return Fault{
		Name: "kyverno-certificate-deleted", Does: "the Secrets with Kyverno's certificate and its CA are deleted",
		Why: "whose certificate isn't known can't be asked", KnownFrom: failurePolicies,
		Begin: func(ctx context.Context) error {
			for _, name := range secrets {
				secret, err := kept.Get(ctx, name, metav1.GetOptions{})
				if err != nil {
					return err
				}
				old[name] = secret.UID
			}
			var faults []error
			for _, name := range secrets {
				faults = append(faults, kept.Delete(ctx, name, metav1.DeleteOptions{}))
			}
			return errors.Join(faults...)
		},
		End: nothing,
		Seen: func(ctx context.Context) error {
			for _, name := range secrets {
				see := func(secret *corev1.Secret, gone bool) error {
					if gone || secret.UID == old[name] {
						return await.NotYet("the one before")
					}
					return nil
				}
				if err := await.Until(ctx, kept, await.Named(name), see); err != nil {
					return fmt.Errorf("waiting for another Secret %q, which Kyverno makes: %w", name, err)
				}
			}
			return nil
		},
	}
}
