package bypass

import (
	"regexp"
	"strings"
	"testing"

	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/report"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	because := regexp.MustCompile("no Notation signature on")
	const said = "… no Notation signature on registry/app@sha256:1"
	tests := map[string]struct {
		because *regexp.Regexp
		verdict report.Verdict
		passed  bool
	}{
		"refused": {
			because,
			report.Verdict{Expected: report.Refused, Seen: report.Refused, Reason: said},
			true,
		},
		"runs": {because, report.Verdict{Expected: report.Refused, Seen: report.Admitted}, false},
		"another reason": {
			because,
			report.Verdict{Expected: report.Refused, Seen: report.Refused, Reason: "no verdict on registry/app"},
			false,
		},
		"another image": {
			because,
			report.Verdict{
				Expected: report.Refused,
				Seen:     report.Refused,
				Reason:   strings.ReplaceAll(said, "app", "web"),
			},
			false,
		},
		"unknown": {
			because,
			report.Verdict{Expected: report.Refused, Seen: report.Failed, Failure: "no events"},
			false,
		},
		"signed runs": {nil, report.Verdict{Expected: report.Admitted, Seen: report.Admitted}, true},
		"signed, but is refused": {
			nil,
			report.Verdict{Expected: report.Admitted, Seen: report.Refused, Reason: said},
			false,
		},
	}
	for name, test := range tests {
		way{because: test.because}.compare(&test.verdict, judge.Image{Reference: "registry/app:v1"})
		if test.verdict.Passed != test.passed || (test.verdict.Failure == "") != test.passed {
			t.Errorf("%s: %+v", name, test.verdict)
		}
	}
}

// TestReasons compares what the image verifier says of images with what it must
// say of them.
func TestReasons(t *testing.T) {
	t.Parallel()
	const digest = "127.0.0.1:5001/busybox@sha256:dfd99ab3297549c346286984c0fc225056baf260c3a574e8da18fff9efaa828a"
	const accepts = "x with digest y: trust policy \"t\" accepts no Notation signature on " + digest
	said := map[string]string{
		"unsigned":  "x with digest y: no Notation signature on " + digest,
		"untrusted": accepts + ": the signature's certificate chain does not contain any trusted certificate",
		"expired":   accepts + ": the certificate has expired",
		"nothing":   "there is no verdict on " + digest,
	}
	for name, because := range map[string]*regexp.Regexp{"unsigned": unsigned, "untrusted": untrusted} {
		for why, words := range said {
			if because.MatchString(words) != (name == why) {
				t.Errorf("what is expected of %s matches what is said of %s: %v", name, why, name != why)
			}
		}
	}
}
