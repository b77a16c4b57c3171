package report

import (
	"testing"
	"time"
)

func good() Report {
	return Report{
		Name:    "imagevalidatingpolicy",
		Started: time.Date(2026, 11, 22, 12, 30, 0, 0, time.FixedZone("", 3600)), Seconds: 12.345,
		Versions: map[string]string{"notation": "v1.3.2", "kyverno": "v1.19.1"},
		Images: []Image{{
			Name: "signed", Reference: "127.0.0.1:5001/busybox:signed", Digest: "sha256:11", SignatureDigest: "sha256:22",
		}},
		Steps: []Step{{
			Name: "sign <busybox>", Started: time.Date(2026, 11, 22, 11, 30, 1, 0, time.UTC), Seconds: 0.5,
		}},
		Verdicts: []Verdict{
			{
				Workload: "admit/pod", Kind: "Pod", Expected: Admitted, Seen: Admitted, Passed: true,
				Detail: "pinned", Seconds: 0.25,
			},
			{
				Workload: "deny/pod-unsigned", Kind: "Pod", Expected: Refused, Seen: Refused, Passed: true,
				Policy: "require-notation", Webhook: "mutate.kyverno.svc-fail",
				Matched: "no signature is associated", Seconds: 0.75,
				Reason: "resource Pod/x/unsigned was blocked due to the following policies \n\nrequire-notation:\n" +
					"  r: 'no signature is associated with \"127.0.0.1:5001/busybox@sha256:33\" & <more>'\n",
			},
		},
	}
}

func bad() Report {
	r := good()
	r.Verdicts = append(r.Verdicts, Verdict{
		Workload: "deny/pod-other", Kind: "Pod", Expected: Refused, Seen: Failed, Policy: "require-notation", Seconds: 30,
		Failure: "document 1 met with another error than a refusal by a policy",
		Reason:  "Internal error occurred: failed calling webhook \"x\": \x00\x1b[31mcontext deadline exceeded ]]>",
	})
	return r
}

// unprintable is a text of all that must not reach a terminal or XML as it is.
const unprintable = "\x00\x07\x1b[2J\x1b]0;title\x07\u009b31m\u202e\u2066\ufeff\u200b\ufffe\uffff\xff\xc3(\xed\xa0\x80" +
	"]]><!-- &lt;& \"'\r\n\t\u2028\u0085日本語 🙂 e\u0301"

// hostile has it wherever a text can be.
func hostile() Report {
	r := bad()
	r.Name, r.Error = unprintable, unprintable
	r.Versions[unprintable] = unprintable
	r.Images = append(r.Images, Image{unprintable, unprintable, unprintable, unprintable})
	r.Steps = append(r.Steps, Step{Name: unprintable, Seconds: 1, Error: unprintable})
	for _, passed := range []bool{true, false} {
		r.Verdicts = append(r.Verdicts, Verdict{
			Workload: "deny/" + unprintable, Kind: unprintable, Expected: Refused, Seen: Refused, Passed: passed,
			Policy: unprintable, Webhook: unprintable, Reason: unprintable, Short: unprintable, Matched: unprintable,
			Detail: unprintable, Failure: unprintable,
		})
	}
	return r
}

func TestPassed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*Report)
		want   bool
	}{
		"all as expected": {func(*Report) {}, true},
		"one isn't":       {func(r *Report) { r.Verdicts[1].Passed = false }, false},
		"no verdicts":     {func(r *Report) { r.Verdicts = nil }, false},
		"ended early":     {func(r *Report) { r.Error = "interrupted" }, false},
		"a step failed":   {func(r *Report) { r.Steps[0].Error = "no" }, false},
	} {
		r := good()
		test.change(&r)
		if got := r.Passed(); got != test.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}
