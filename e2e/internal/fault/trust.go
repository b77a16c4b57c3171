package fault

import (
	"context"
	"regexp"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"

	"container-signing/e2e/internal/policy"
	"container-signing/internal/pki"
)

// A trust is the ConfigMap with the CA, as it was before something befell it.
type trust struct {
	place *Place
	whole map[string]string
}

func (t *trust) maps() typedcorev1.ConfigMapInterface {
	return t.place.client.CoreV1().ConfigMaps(policy.TrustNamespace)
}

// change replaces what is in the ConfigMap; nil deletes it.
func (t *trust) change(change func(ca string) map[string]string) func(context.Context) error {
	return func(ctx context.Context) error {
		present, err := t.maps().Get(ctx, policy.TrustName, metav1.GetOptions{})
		if err != nil {
			return err
		}
		t.whole = present.Data
		if present.Data = change(present.Data[policy.TrustKey]); present.Data == nil {
			return t.maps().Delete(ctx, policy.TrustName, metav1.DeleteOptions{})
		}
		_, err = t.maps().Update(ctx, present, metav1.UpdateOptions{})
		return err
	}
}

// restore makes it what it was, if it was changed.
func (t *trust) restore(ctx context.Context) error {
	if t.whole == nil {
		return nil
	}
	whole := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: policy.TrustName}, Data: t.whole}
	_, err := t.maps().Update(ctx, whole, metav1.UpdateOptions{})
	if apierrors.IsNotFound(err) {
		_, err = t.maps().Create(ctx, whole, metav1.CreateOptions{})
	}
	return err
}

// ofTrust are the faults of the ConfigMap with the CA.
func (w World) ofTrust() (all []Fault) {
	kept := &trust{place: w.Place}
	as := func(ca string) map[string]string { return map[string]string{policy.TrustKey: ca} }
	for _, one := range []struct {
		name, does, words string
		change            func(ca string) map[string]string
	}{
		{
			"deleted", "the ConfigMap with the CA is deleted", `no such key: data|"notation-ca" not found`,
			func(string) map[string]string { return nil },
		},
		{
			"without-key", "the ConfigMap has the CA under another key", `no such key: ca\.crt|Unknown key "ca\.crt"`,
			func(ca string) map[string]string { return map[string]string{"tls.crt": ca} },
		},
		{
			"empty", "the CA is empty", untrusted + `|no trusted certificates are found`,
			func(string) map[string]string { return as("") },
		},
		{
			"broken", "the CA is cut short", untrusted + `|PEM decoding`,
			func(ca string) map[string]string { return as(ca[:len(ca)/2]) },
		},
		{
			"another", "the CA is another one", untrusted + `|does not contain any trusted certificate`,
			func(string) map[string]string { return as(stranger()) },
		},
	} {
		all = append(all, Fault{
			Name: "ca-" + one.name, Does: one.does,
			Why: "who trusts nobody must accept no signature", KnownFrom: "docs/policies.md, Withdrawn trust",
			Begin: kept.change(one.change), End: kept.restore,
			Words: regexp.MustCompile(one.words), Signed: Waits, Updates: Goes,
		})
	}
	return all
}

// stranger is a CA that has signed nothing, in PEM.
func stranger() string {
	authority, err := pki.NewAuthority("stranger", "EC-256")
	if err != nil {
		panic(err) // this key spec is known
	}
	return string(authority.PEM())
}
