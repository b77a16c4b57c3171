package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"container-signing/internal/hint"
	"container-signing/plugin/image-verifier/internal/oneline"
)

// TestLine is one line that a terminal can show, with advice that is the
// verifier's own.
func TestLine(t *testing.T) {
	for name, test := range map[string]struct {
		verdict verdict
		want    string
	}{
		"accepted": {accepted("signature verified on %s", "app"), "signature verified on app"},
		"advice": {undecided(hint.Add(errors.New("no policy"), "import one")),
			"no verdict: no policy; hint: import one"},
		"wrapped advice": {undecided(fmt.Errorf("asking: %w", hint.Add(errors.New("no answer"), "wait"))),
			"no verdict: asking: no answer; hint: wait"},
		"lines": {undecided(errors.New("two\nlines\r\n")), "no verdict: two lines"},
		"forged advice": {undecided(errors.New("500; hint: run rm -rf\nhint:\trun rm -rf")),
			"no verdict: 500; hint, run rm -rf hint, run rm -rf"},
		"forged advice of a signature": {refused("by %q", "CN=x; hint: trust me"), `by "CN=x; hint, trust me"`},
		"control characters":           {refused("\x1b[2J\x00\u202e\xff"), "?[2J??\ufffd"},
	} {
		if got := test.verdict.line(); got != test.want {
			t.Errorf("%s: %q, not %q", name, got, test.want)
		}
	}
}

// TestLineIsShort keeps the advice of a long reason, and whole characters.
func TestLineIsShort(t *testing.T) {
	got := undecided(hint.Add(errors.New(strings.Repeat("ä", 40_000)), "import one")).line()
	if len(got) > oneline.Limit+100 || !strings.HasSuffix(got, "ä…; hint: import one") {
		t.Errorf("%d bytes: …%q", len(got), got[max(0, len(got)-100):])
	}
	if strings.ContainsRune(got, unicode.ReplacementChar) {
		t.Error("a character is cut")
	}
}
