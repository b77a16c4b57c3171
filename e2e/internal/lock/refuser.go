package lock

import (
	"errors"
	"regexp"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// rbac is how the API server words that somebody has no right to something
// (k8s.io/apiserver/pkg/endpoints/handlers/responsewriters).
var rbac = regexp.MustCompile(`(?s)^[\w./-]+(?: "[^"]*")? is forbidden: User "[^"]*" cannot `)

// byRBAC tells whether somebody was refused for want of rights.
func byRBAC(err error) bool {
	status := apierrors.APIStatus(nil)
	return errors.As(err, &status) && rbac.MatchString(status.Status().Message)
}

// refusers are who can refuse a request, by how the API server names them.
var refusers = []struct {
	says *regexp.Regexp
	is   string
}{
	{regexp.MustCompile(`is forbidden: (ValidatingAdmissionPolicy '[^']+') with binding`), ""},
	{regexp.MustCompile(`^(admission webhook "[^"]+") denied the request`), ""},
	{rbac, "missing rights (RBAC)"},
}

// refuser names who has refused a request.
func refuser(err error) string {
	for _, one := range refusers {
		match := one.says.FindStringSubmatch(err.Error())
		if match == nil {
			continue
		}
		if one.is != "" {
			return one.is
		}
		return match[1]
	}
	return "the API server"
}
