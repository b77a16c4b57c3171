package verdict

import (
	"strings"
	"testing"
)

func TestJudged(t *testing.T) {
	for status, want := range map[int]bool{0: true, 1: false} {
		if asExpected, err := Judged(status, "progress"); asExpected != want || err != nil {
			t.Errorf("status %d: %v, %v", status, asExpected, err)
		}
	}
	for _, status := range []int{2, 137, -1} {
		if asExpected, err := Judged(status, "what went wrong\n"); asExpected || err == nil ||
			!strings.HasSuffix(err.Error(), ": what went wrong") {
			t.Errorf("status %d: %v, %v", status, asExpected, err)
		}
	}
}

func TestCheck(t *testing.T) {
	if err := Check([]byte(`{"passed": false, "workloads": []}`), 1, ""); err != nil {
		t.Errorf("verdicts that aren't as expected: %v", err)
	}
	for says, report := range map[string]string{
		"judging: exit status 1: no cluster": "",
		"judging: the cluster went away":     `{"passed": false, "error": "the cluster went away"}`,
		"reading the report: ":               `{"passed": fal`,
	} {
		if err := Check([]byte(report), 1, "no cluster\n"); err == nil || !strings.HasPrefix(err.Error(), says) {
			t.Errorf("report %q: %v", report, err)
		}
	}
}
