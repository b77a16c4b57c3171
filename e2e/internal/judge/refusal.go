package judge

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"container-signing/e2e/internal/report"
	"container-signing/e2e/internal/workload"
)

// An answer is what the API server said to a request that it didn't grant.
type answer struct {
	seen    string // report.Refused or report.Failed
	webhook string // that refused
	lock    string // the webhook or the policy that refused, for a person
	reason  string // in the words of the webhook or the API server
}

// denial is how the API server words a webhook's denial (ToStatusErr in
// k8s.io/apiserver/pkg/admission/plugin/webhook/errors). A webhook that
// couldn't be asked reads "failed calling webhook" instead.
var denial = regexp.MustCompile(`(?s)^admission webhook "([^"]+)" denied the request(?:: (.*)| without explanation)$`)

// ownDenial is how the API server words the denial of a policy that it applies
// itself (k8s.io/apiserver/pkg/admission/plugin/policy/validating), about an
// object with a name.
var ownDenial = regexp.MustCompile(
	`(?s)^[\w./-]+ "[^"]*" is forbidden: ((ValidatingAdmissionPolicy '[^']+') with binding '[^']+' denied request: .*)$`)

// classify tells the denial of an admission webhook, or of a policy of the API
// server's own, from everything else.
func classify(ctx context.Context, err error) answer {
	if ctx.Err() != nil {
		err = fmt.Errorf("%w (%s)", context.Cause(ctx), err)
		return answer{seen: report.Failed, reason: err.Error()}
	}
	if status := apierrors.APIStatus(nil); errors.As(err, &status) {
		if match := denial.FindStringSubmatch(status.Status().Message); match != nil {
			return answer{report.Refused, match[1], "webhook " + match[1], strings.TrimSpace(match[2])}
		}
		if match := ownDenial.FindStringSubmatch(status.Status().Message); match != nil {
			return answer{seen: report.Refused, lock: match[2], reason: match[1]}
		}
	}
	if unreachable(err) {
		err = fmt.Errorf("asking the API server: %w", err)
	}
	return answer{seen: report.Failed, reason: err.Error()}
}

// Seen tells what the API server's answer to a request that it didn't grant was:
// [report.Refused] if a policy refuses, [report.Failed] if it is anything else;
// and why, in the words of the policy or the API server.
func Seen(ctx context.Context, err error) (seen, reason string) {
	said := classify(ctx, err)
	return said.seen, said.reason
}

func unreachable(err error) bool {
	var request *url.Error
	var network net.Error
	return errors.As(err, &request) || errors.As(err, &network)
}

// unexpected tells in what a refusal's reason isn't the expected one; it
// returns "" if it is.
func unexpected(refusal workload.Refusal, images Images, reason string) string {
	const another = "it was refused for another reason: "
	reference := images.reference(refusal.Image)
	switch {
	case !fitsPolicy(reason, refusal.Policy):
		return fmt.Sprintf(another+"policy %q isn't named as the one that refuses", refusal.Policy)
	case !refusal.Because.MatchString(reason):
		return fmt.Sprintf(another+"nothing in it matches %q", refusal.Because)
	case reference != "" && !namesImage(reason, reference):
		return fmt.Sprintf(another+"image %q isn't named", reference)
	}
	return ""
}

// fitsPolicy tells whether a reason is given by the policy of that name, or by
// one of several whose names "|" separates. Kyverno names the policy in one of
// two ways: an ImageValidatingPolicy (and its relatives) as "Policy NAME
// failed: …", a ClusterPolicy as a line "NAME:" above its rules. The API server
// names its own at the beginning. A name that is only mentioned, as part of an
// image or an object, doesn't count.
func fitsPolicy(reason, policies string) bool {
	names := strings.ReplaceAll(regexp.QuoteMeta(policies), `\|`, "|")
	return regexp.MustCompile(`(?m)\bPolicy (?:` + names + `) (?:failed|error):|^(?:` + names + `):$|` +
		`\AValidatingAdmissionPolicy '(?:` + names + `)' with binding `).MatchString(reason)
}

// namesImage tells whether a reason names an image, and not just one whose
// reference begins or ends alike.
func namesImage(reason, reference string) bool {
	return regexp.MustCompile(`(?:^|[^\w./-])` + regexp.QuoteMeta(reference) + `(?:$|[^\w.-])`).MatchString(reason)
}
