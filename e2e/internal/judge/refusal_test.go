package judge

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"syscall"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"container-signing/e2e/internal/report"
	"container-signing/e2e/internal/workload"
)

const (
	unsignedImage  = "127.0.0.1:5001/busybox:unsigned"
	unsignedDigest = "sha256:dfd99ab3297549c346286984c0fc225056baf260c3a574e8da18fff9efaa828a"
)

// What Kyverno 1.19.1 answers, as the API server passes it on.
var (
	imageValidatingPolicyUnsigned = `admission webhook ` +
		`"ivpol.validate.kyverno.svc-fail-finegrained-require-notation" denied the request: ` +
		`Policy require-notation failed: no Notation signature by a trusted certificate on ` +
		unsignedImage + "@" + unsignedDigest
	imageValidatingPolicyMissing = `admission webhook "ivpol.mutate.kyverno.svc-fail-finegrained-require-notation" ` +
		`denied the request: Policy require-notation error: failed to update digest: failed to resolve digest ` +
		`for image 127.0.0.1:5001/busybox:missing: GET http://127.0.0.1:5001/v2/busybox/manifests/missing: ` +
		`MANIFEST_UNKNOWN: manifest unknown; unknown tag=missing`
	clusterPolicyUnsigned = "admission webhook \"mutate.kyverno.svc-fail\" denied the request: \n\n" +
		"resource Pod/workloads-x/unsigned was blocked due to the following policies \n\n" +
		"require-notation:\n  require-notation: 'failed to verify image " + unsignedImage +
		": .attestors[0].entries[0]: failed to verify 127.0.0.1:5001/busybox@" + unsignedDigest +
		": no signature is associated with \"127.0.0.1:5001/busybox@" + unsignedDigest +
		"\", make sure the artifact was signed successfully'\n"
	ownPolicy = "ValidatingAdmissionPolicy 'require-notation' with binding 'b' denied request: " +
		"not the name of an image"
	webhookTimeout = `Internal error occurred: failed calling webhook ` +
		`"ivpol.mutate.kyverno.svc-fail-finegrained-require-notation": failed to call webhook: ` +
		`Post "https://127.0.0.1:41549/ivpol/mutate/require-notation?timeout=30s": context deadline exceeded`
)

func status(code int32, message string) error {
	return &apierrors.StatusError{ErrStatus: metav1.Status{Status: metav1.StatusFailure, Code: code, Message: message}}
}

func TestClassify(t *testing.T) {
	live := context.Background()
	ended, cancel := context.WithCancelCause(live)
	cancel(errors.New("it took longer than 1m0s"))
	for name, test := range map[string]struct {
		ctx           context.Context
		err           error
		seen, webhook string
		reason        string // what the reason begins with
	}{
		"ImageValidatingPolicy": {
			live, status(400, imageValidatingPolicyUnsigned), report.Refused,
			"ivpol.validate.kyverno.svc-fail-finegrained-require-notation",
			"Policy require-notation failed: no Notation",
		},
		"ClusterPolicy": {
			live, status(400, clusterPolicyUnsigned), report.Refused, "mutate.kyverno.svc-fail",
			"resource Pod/workloads-x/unsigned was blocked",
		},
		"wrapped": {
			live, fmt.Errorf("creating it: %w", status(400, clusterPolicyUnsigned)), report.Refused,
			"mutate.kyverno.svc-fail", "resource Pod",
		},
		"without explanation": {
			live, status(400, `admission webhook "x" denied the request without explanation`), report.Refused, "x", "",
		},
		"webhook timeout": {
			live, status(500, webhookTimeout), report.Failed, "", "Internal error occurred: failed calling webhook",
		},
		"invalid manifest": {
			live, status(422, `Pod "x" is invalid: spec.containers[0].image: Required value`), report.Failed, "",
			`Pod "x" is invalid`,
		},
		"forbidden": {
			live,
			status(403, `pods "x" is forbidden: error looking up `+
				`service account default/default: serviceaccount "default" not found`),
			report.Failed, "", `pods "x" is forbidden`,
		},
		"denial only quoted": {
			live, status(422, `Pod "admission webhook "x" denied the request: y" is invalid`), report.Failed, "",
			`Pod "admission`,
		},
		"ValidatingAdmissionPolicy": {
			live, status(422, `pods "x" is forbidden: `+ownPolicy), report.Refused, "", ownPolicy,
		},
		"ValidatingAdmissionPolicy, all of a kind": {
			live, status(403, `pods is forbidden: `+ownPolicy), report.Refused, "", ownPolicy,
		},
		"ValidatingAdmissionPolicy quoted": {
			live, status(422, `Pod "x" is invalid: pods "x" is forbidden: `+ownPolicy), report.Failed, "", `Pod "x"`,
		},
		"ValidatingAdmissionPolicy broken": {
			live, status(422, `pods "x" is forbidden: expression 'a' resulted in error: `+ownPolicy),
			report.Failed, "", "pods",
		},
		"nobody there": {
			live, &url.Error{Op: "Post", URL: "https://127.0.0.1:1", Err: syscall.ECONNREFUSED}, report.Failed, "",
			"asking the API server: Post",
		},
		"denied by plain text": {
			live, errors.New(imageValidatingPolicyUnsigned), report.Failed, "", "admission webhook",
		},
		"too late": {
			ended, status(400, imageValidatingPolicyUnsigned), report.Failed, "", "it took longer than 1m0s",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := Classify(test.ctx, test.err)
			if got.Seen != test.seen || got.Webhook != test.webhook || !strings.HasPrefix(got.Reason, test.reason) {
				t.Errorf("got %+v, want %s by %q because %q", got, test.seen, test.webhook, test.reason)
			}
		})
	}
}

func TestFitsPolicy(t *testing.T) {
	reasonOf := func(message string) string {
		return Classify(context.Background(), status(400, message)).Reason
	}
	for name, test := range map[string]struct {
		reason string
		want   bool
	}{
		"ImageValidatingPolicy":  {reasonOf(imageValidatingPolicyUnsigned), true},
		"its error":              {reasonOf(imageValidatingPolicyMissing), true},
		"ClusterPolicy":          {reasonOf(clusterPolicyUnsigned), true},
		"second of two policies": {"Policy a failed: x; Policy require-notation failed: y", true},
		"another policy":         {"Policy other failed: x", false},
		"longer name":            {"Policy require-notation-strict failed: x", false},
		"name that ends alike":   {"Policy my-require-notation failed: x", false},
		"name inside a reason":   {"Policy other failed: see require-notation", false},
		"as an object's name": {
			"resource Pod/x/require-notation was blocked due to the following policies \n\nother:\n  r: no", false,
		},
		"as another policy's rule": {
			"resource Pod/x/y was blocked due to the following policies \n\nother:\n  require-notation: 'no'\n", false,
		},
		"the API server's own": {ownPolicy, true},
		"another of its own":   {strings.Replace(ownPolicy, "require-", "my-require-", 1), false},
		"its own, only quoted": {"Policy other failed: " + ownPolicy, false},
		"its own as a binding": {
			"ValidatingAdmissionPolicy 'other' with binding 'require-notation' denied request: no", false,
		},
		"nothing": {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := FitsPolicy(test.reason, "require-notation"); got != test.want {
				t.Errorf("%q: got %v", test.reason, got)
			}
		})
	}
	for reason, want := range map[string]bool{
		ownPolicy: true, "Policy other failed: x": true, "Policy others failed: x": false,
	} {
		if got := FitsPolicy(reason, "other|require-notation"); got != want {
			t.Errorf("one of two: %q: got %v", reason, got)
		}
	}
	if FitsPolicy("Policy requireXnotation failed: x", "require.notation") {
		t.Error("a policy's name is taken for a regular expression")
	}
}

func TestUnexpected(t *testing.T) {
	images := Images{"unsigned": {Reference: unsignedImage}}
	refusal := workload.Refusal{
		Policy:  "require-notation",
		Because: regexp.MustCompile("no signature is associated|no Notation signature"),
		Image:   "unsigned",
	}
	for name, test := range map[string]struct{ message, want string }{
		"ImageValidatingPolicy": {imageValidatingPolicyUnsigned, ""},
		"ClusterPolicy":         {clusterPolicyUnsigned, ""},
		"other reason":          {imageValidatingPolicyMissing, "nothing in it matches"},
		"other image": {
			strings.ReplaceAll(imageValidatingPolicyUnsigned, unsignedImage, unsignedImage+"-too"), "isn't named",
		},
		"image of other host": {
			strings.ReplaceAll(imageValidatingPolicyUnsigned, unsignedImage, "mirror/"+unsignedImage), "isn't named",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := unexpected(refusal, images, Classify(context.Background(), status(400, test.message)).Reason)
			if test.want == "" && got != "" || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	refusal.Image = ""
	message := strings.ReplaceAll(imageValidatingPolicyUnsigned, unsignedImage, "anything")
	if got := unexpected(refusal, images, Classify(context.Background(), status(400, message)).Reason); got != "" {
		t.Errorf("no image is to be blamed, but: %s", got)
	}
}

func TestWantedImage(t *testing.T) {
	const reference = "127.0.0.1:5001/busybox:signed"
	for name, test := range map[string]struct {
		want wantedImage
		kept string
		says string // "" if it is as wanted
	}{
		"tag and digest": {
			wantedImage{reference: reference, digest: signedDigest}, reference + "@" + signedDigest, "",
		},
		"digest": {
			wantedImage{reference: "127.0.0.1:5001/busybox@" + signedDigest, digest: signedDigest},
			"127.0.0.1:5001/busybox@" + signedDigest, "",
		},
		"tag alone": {
			wantedImage{reference: reference, digest: signedDigest}, reference, "without being pinned",
		},
		"other digest": {
			wantedImage{reference: reference, digest: signedDigest}, reference + "@" + otherDigest, "another digest",
		},
		"digest cut short": {
			wantedImage{reference: reference, digest: signedDigest}, reference + "@" + signedDigest[:20],
			"another digest",
		},
		"other repository": {
			wantedImage{reference: reference, digest: signedDigest}, "127.0.0.1:5002/busybox:signed@" + signedDigest,
			"from repository",
		},
		"users' own":          {wantedImage{reference: "busybox:1"}, "docker.io/library/busybox:1@" + otherDigest, ""},
		"users' own unpinned": {wantedImage{reference: "busybox:1"}, "busybox:1", "without being pinned"},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.want.check(test.kept)
			if test.says == "" && err != nil ||
				test.says != "" && (err == nil || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("got %v, want %q", err, test.says)
			}
		})
	}
}

// TestWithoutTag leaves the tag out where a digest follows it, and nothing else.
func TestWithoutTag(t *testing.T) {
	t.Parallel()
	for reference, want := range map[string]string{
		"a:1/b:tag@sha256:c": "a:1/b@sha256:c", "a:1/b@sha256:c": "a:1/b@sha256:c", "a:1/b:tag": "a:1/b:tag", "": "",
	} {
		if got := withoutTag(reference); got != want {
			t.Errorf("%q becomes %q, not %q", reference, got, want)
		}
	}
}
