package lock

import (
	"errors"
	"regexp"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// noRight is how the API server words that somebody has no right to something
// (k8s.io/apiserver/pkg/endpoints/handlers/responsewriters).
var noRight = regexp.MustCompile(`^[\w./-]+(?: "[^"]*")? is forbidden: User "[^"]*" cannot `)

// byRBAC tells whether somebody was refused for want of rights.
func byRBAC(err error) bool {
	status := apierrors.APIStatus(nil)
	return errors.As(err, &status) && noRight.MatchString(status.Status().Message)
}
