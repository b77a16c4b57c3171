package report

import (
	"strings"
	"testing"

	"container-signing/internal/terminal"
)

// TestSummary holds what the table's last column says.
func TestSummary(t *testing.T) {
	t.Parallel()
	const kyverno = "resource Pod/x was blocked due to the following policies \n\nrequire-notation:\n  r: 'failed to verify " +
		"image registry/app: no signature is associated with \"registry/app@sha256:33\"'"
	for name, c := range map[string]struct {
		verdict Verdict
		width   int
		want    string
	}{
		"short":          {Verdict{Passed: true, Short: "unsigned", Reason: kyverno}, 30, "unsigned"},
		"short, too":     {Verdict{Passed: true, Short: "signed by another CA", Reason: kyverno}, 12, "signed by a…"},
		"reason":         {Verdict{Passed: true, Reason: "no\n  such image\n"}, 30, "no such image"},
		"detail":         {Verdict{Passed: true, Detail: "1 of 1 pinned"}, 30, "1 of 1 pinned"},
		"nothing":        {Verdict{Passed: true}, 30, ""},
		"long":           {Verdict{Passed: true, Reason: kyverno}, 30, "resource Pod/x was blocked du…"},
		"words far on":   {Verdict{Passed: true, Reason: kyverno, Matched: "no signature is"}, 30, "no signature is associated wi…"},
		"half a word":    {Verdict{Passed: true, Reason: kyverno, Matched: "ssociated"}, 30, "associated with \"registry/app…"},
		"words soon":     {Verdict{Passed: true, Reason: kyverno, Matched: "was blocked"}, 30, "resource Pod/x was blocked du…"},
		"words over two": {Verdict{Passed: true, Reason: "begins with much\nthe words", Matched: "much\nthe"}, 18, "much the words"},
		"other words":    {Verdict{Passed: true, Reason: kyverno, Matched: "not in it"}, 30, "resource Pod/x was blocked du…"},
		"failure":        {Verdict{Short: "unsigned", Reason: kyverno, Failure: "it was admitted"}, 30, "it was admitted"},
		"advice":         {Verdict{Failure: "no answer\nhint: ask again\nhint: and again"}, 30, "no answer"},
		"wide":           {Verdict{Passed: true, Short: "日本語日本語"}, 9, "日本語日…"},
		"escape":         {Verdict{Passed: true, Short: "\x1b[2Junsigned\x07"}, 30, "[2Junsigned"},
	} {
		if got := c.verdict.summary(c.width); got != c.want || terminal.Width(got) > c.width {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

// TestExplain wants all that is known of a verdict that didn't pass.
func TestExplain(t *testing.T) {
	t.Parallel()
	got := Verdict{
		Kind: "Pod", Expected: Refused, Seen: Admitted, Failure: "no\nhint: look", Webhook: "w", Reason: " r\n", Detail: "d",
	}.explain()
	want := "Pod, expected: refused, seen: admitted; no\nhint: look\nadmission webhook: w\nreason: r\nlooked at: d"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (Verdict{Kind: "Job", Expected: Admitted, Seen: Failed}).explain(); strings.Contains(got, "\n") {
		t.Errorf("there are lines about nothing in %q", got)
	}
}
