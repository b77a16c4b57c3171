package bypass

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"testing"

	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/report"
)

func TestPull(t *testing.T) {
	t.Parallel()
	because := regexp.MustCompile("no Notation signature on")
	refusal := errors.New(
		"rpc error: image verifier:\n  blocked pull of registry/app:v1 with digest sha256:1: " +
			"no Notation signature on registry/app@sha256:1",
	)
	for name, test := range map[string]struct {
		because *regexp.Regexp
		pull    error
		usable  bool
		seen    string
		failure string // "" if it must pass
	}{
		"refused": {because, refusal, false, report.Refused, ""},
		"refused, but usable": {
			because, refusal, true, report.Refused, "can use the image without being asked",
		},
		"refused for another reason": {
			because, errors.New("blocked pull of registry/app:v1: no verdict"), false, report.Refused,
			"for another reason",
		},
		"refused as another image": {
			because, errors.New("blocked pull of x: no Notation signature on registry/web"), false, report.Refused,
			"isn't named",
		},
		"not reached": {
			because, errors.New("connection refused"), false, report.Failed,
			"another reason than the verifier's: connection refused",
		},
		"pulled":                      {because, nil, true, report.Admitted, "must have it refused"},
		"signed":                      {nil, nil, true, report.Admitted, ""},
		"signed, but not usable":      {nil, nil, false, report.Admitted, "can't use the image"},
		"signed, but refused for all": {nil, refusal, false, report.Refused, "must have it admitted"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			way := pullWay{
				way{"bypass/pull", "image", test.because},
				func(context.Context, string) error { return test.pull },
			}
			has := func(context.Context, string) (bool, error) { return test.usable, nil }
			verdict := way.judge(t.Context(), judge.Image{Reference: "registry/app:v1", Fault: "unsigned"}, has)
			if verdict.Passed != (test.failure == "") || verdict.Seen != test.seen ||
				!strings.Contains(verdict.Failure, test.failure) || (verdict.Failure == "") != verdict.Passed {
				t.Errorf("got %+v", verdict)
			}
			if isShort := verdict.Short == "unsigned"; isShort != (verdict.Passed && test.because != nil) {
				t.Errorf("the short reason is %q", verdict.Short)
			}
		})
	}
	t.Run("nobody knows", func(t *testing.T) {
		t.Parallel()
		way := pullWay{way{"bypass/pull", "image", nil}, func(context.Context, string) error { return nil }}
		verdict := way.judge(t.Context(), judge.Image{Reference: "registry/app:v1"},
			func(context.Context, string) (bool, error) { return true, errors.New("containerd is gone") })
		if verdict.Passed || verdict.Failure != "containerd is gone" {
			t.Errorf("got %+v", verdict)
		}
	})
}
