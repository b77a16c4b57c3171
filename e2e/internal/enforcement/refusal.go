package enforcement

import (
	"errors"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// notTaken marks an error about a policy that was to be enforced: that it is
// refused is a verdict on it. One about a policy of this package's own isn't.
type notTaken struct{ error }

func (e notTaken) Unwrap() error { return e.error }

// Refusal tells whether an error is that the cluster, or Kyverno's own check of
// policies, doesn't take a policy that was to be enforced, and what it says.
func Refusal(err error) (reason string, refused bool) {
	status := apierrors.APIStatus(nil)
	if !errors.As(err, new(notTaken)) || !errors.As(err, &status) {
		return "", false
	}
	switch status.Status().Code {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusUnprocessableEntity:
		return status.Status().Message, true
	}
	return "", false
}
