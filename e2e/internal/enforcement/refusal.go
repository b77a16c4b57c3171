package enforcement

import (
	"errors"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Refusal tells whether an error is that the cluster, or Kyverno's own check of
// policies, doesn't take a policy, and what it says.
func Refusal(err error) (reason string, refused bool) {
	status := apierrors.APIStatus(nil)
	if !errors.As(err, &status) {
		return "", false
	}
	switch status.Status().Code {
	case http.StatusBadRequest, http.StatusForbidden, http.StatusUnprocessableEntity:
		return status.Status().Message, true
	}
	return "", false
}
