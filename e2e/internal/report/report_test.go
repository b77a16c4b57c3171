package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func good() Report {
	return Report{
		Name: "imagevalidatingpolicy", Started: time.Date(2026, 11, 22, 12, 30, 0, 0, time.FixedZone("", 3600)), Seconds: 12.345,
		Versions: map[string]string{"notation": "v1.3.2", "kyverno": "v1.19.1"},
		Images:   []Image{{Name: "signed", Reference: "127.0.0.1:5001/busybox:signed", Digest: "sha256:11", SignatureDigest: "sha256:22"}},
		Steps:    []Step{{Name: "sign <busybox>", Started: time.Date(2026, 11, 22, 11, 30, 1, 0, time.UTC), Seconds: 0.5}},
		Verdicts: []Verdict{
			{Workload: "admit/pod", Kind: "Pod", Expected: Admitted, Seen: Admitted, Passed: true, Detail: "pinned", Seconds: 0.25},
			{Workload: "deny/pod-unsigned", Kind: "Pod", Expected: Refused, Seen: Refused, Passed: true, Policy: "require-notation",
				Webhook: "mutate.kyverno.svc-fail", Matched: "no signature is associated", Seconds: 0.75,
				Reason: "resource Pod/x/unsigned was blocked due to the following policies \n\nrequire-notation:\n  r: 'no signature is associated with \"127.0.0.1:5001/busybox@sha256:33\" & <more>'\n"},
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

func TestPassed(t *testing.T) {
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

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	for _, r := range []Report{good(), bad()} { // the second takes the place of the first
		if err := r.Write(dir); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	if want := []string{"junit.xml", "report.json", "table.txt"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	content, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var read Report
	if err := json.Unmarshal(content, &read); err != nil {
		t.Fatal(err)
	}
	if got, want := read.Verdicts[2], bad().Verdicts[2]; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestWriteRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := good().Write(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v, want an error that names %s", err, file)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "report.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := good().Write(dir); err == nil || !strings.Contains(err.Error(), "report.json") {
		t.Errorf("got %v, want an error that names report.json", err)
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("left behind: %v (%v)", entries, err)
	}
}

// TestJSONFields holds the names that programs rely on.
func TestJSONFields(t *testing.T) {
	var out bytes.Buffer
	if err := bad().WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(out.Bytes(), &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"passed", "name", "started", "seconds", "versions", "images", "steps", "verdicts"} {
		if _, ok := fields[name]; !ok {
			t.Errorf("no field %q", name)
		}
	}
	if fields["passed"] != false || fields["seconds"] != 12.345 {
		t.Errorf("passed %v, seconds %v", fields["passed"], fields["seconds"])
	}
	refused := fields["verdicts"].([]any)[1].(map[string]any)
	for name, want := range map[string]any{
		"workload": "deny/pod-unsigned", "kind": "Pod", "expected": "refused", "seen": "refused", "passed": true,
		"policy": "require-notation", "webhook": "mutate.kyverno.svc-fail", "seconds": 0.75,
	} {
		if refused[name] != want {
			t.Errorf("%s: got %v, want %v", name, refused[name], want)
		}
	}
	out.Reset()
	if err := (Report{}).WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{`"images": []`, `"steps": []`, `"verdicts": []`} {
		if !strings.Contains(out.String(), list) {
			t.Errorf("no %s in %s", list, &out)
		}
	}
}

func readJUnit(t *testing.T, r Report) junitSuites {
	t.Helper()
	var out bytes.Buffer
	if err := r.WriteJUnit(&out); err != nil {
		t.Fatal(err)
	}
	var suites junitSuites
	decoder := xml.NewDecoder(&out)
	if err := decoder.Decode(&suites); err != nil {
		t.Fatalf("%v in %s", err, &out)
	}
	if _, err := decoder.Token(); err != io.EOF && err != nil {
		t.Fatalf("after the end: %v", err)
	}
	return suites
}

func TestJUnit(t *testing.T) {
	suites := readJUnit(t, bad())
	if suites.Tests != 4 || suites.Failures != 1 || suites.Errors != 0 || suites.Time != "12.345" || len(suites.Suites) != 2 {
		t.Errorf("got %d tests, %d failures, %d errors in %s s and %d suites", suites.Tests, suites.Failures, suites.Errors, suites.Time, len(suites.Suites))
	}
	steps, workloads := suites.Suites[0], suites.Suites[1]
	if steps.Timestamp != "2026-11-22T11:30:00" || steps.Cases[0].Name != "sign <busybox>" || steps.Time != "0.500" {
		t.Errorf("steps: %+v", steps)
	}
	properties := map[string]string{}
	for _, property := range steps.Properties.All {
		properties[property.Name] = property.Value
	}
	if properties["version kyverno"] != "v1.19.1" || properties["image signed"] != "127.0.0.1:5001/busybox:signed" || properties["signature of signed"] != "sha256:22" {
		t.Errorf("properties: %v", properties)
	}
	failed := workloads.Cases[2]
	if failed.Classname != "workloads.deny" || failed.Name != "pod-other" || failed.Failure == nil {
		t.Fatalf("got %+v", failed)
	}
	if !strings.Contains(failed.Failure.Text, "context deadline exceeded ]]>") || failed.Failure.Message != bad().Verdicts[2].Failure || failed.Failure.Type != Failed {
		t.Errorf("got %+v", failed.Failure)
	}
	if passed := workloads.Cases[1]; passed.Failure != nil || !strings.Contains(passed.Output, "& <more>") {
		t.Errorf("got %+v", passed)
	}
}

func TestJUnitErrors(t *testing.T) {
	early := good()
	early.Error, early.Verdicts = "interrupted\nby Ctrl-C", nil
	suites := readJUnit(t, early)
	if suites.Errors != 2 || suites.Failures != 0 {
		t.Errorf("got %d errors, %d failures; want one for the run and one for missing verdicts", suites.Errors, suites.Failures)
	}
	if run := suites.Suites[0].Cases[1]; run.Error == nil || run.Error.Message != "interrupted" || run.Error.Text != early.Error {
		t.Errorf("got %+v", run)
	}
	step := good()
	step.Error = "signing: no"
	step.Steps[0].Error = "no"
	if suites := readJUnit(t, step); suites.Errors != 1 || suites.Suites[0].Cases[0].Error == nil {
		t.Errorf("got %+v, want the step's error alone", suites.Suites[0].Cases)
	}
}

func TestTable(t *testing.T) {
	for _, width := range []int{40, 80, 100, 140, 1000} {
		narrow := (&table{width: width}).render(bad())
		lines := strings.Split(narrow, "\n")
		if strings.ContainsAny(narrow, "\x1b\x00\t") {
			t.Errorf("width %d: control characters in %q", width, narrow)
		}
		for _, line := range lines {
			// Names and numbers are never cut, whatever the width.
			if utf8.RuneCountInString(line) > max(width, 2+17+2+8+2+8+2+8+2+reasonWidth+2) {
				t.Errorf("width %d: %d columns in %q", width, utf8.RuneCountInString(line), line)
			}
		}
		for i, mark := range []string{"✓ admit/pod ", "✓ deny/pod-unsigned ", "✗ deny/pod-other "} {
			if !strings.HasPrefix(lines[i+1], mark) {
				t.Errorf("width %d: got %q, want %q first", width, lines[i+1], mark)
			}
		}
		if !strings.Contains(lines[2], "no signature is as") {
			t.Errorf("width %d: the expected words aren't in %q", width, lines[2])
		}
		if joined := strings.Join(strings.Fields(narrow), " "); !strings.Contains(joined, "context deadline exceeded ]]>") {
			t.Errorf("width %d: the reason of a failure isn't there: %s", width, narrow)
		}
		if !strings.Contains(narrow, "FAIL  2 of 3 workloads as expected") || strings.Contains(narrow, "PASS") {
			t.Errorf("width %d: %s", width, narrow)
		}
	}
}

func TestTableSaysWhatIsNotChecked(t *testing.T) {
	const words = "not checked: whether all that is admitted runs"
	for runs, want := range map[string]bool{"": false, Runs: false, RunsNotChecked: true} {
		r := good()
		r.Verdicts[0].Runs = runs
		if got := (&table{width: 140}).render(r); strings.Contains(got, words) != want || !strings.Contains(got, "PASS") {
			t.Errorf("with %q the table says %q", runs, got)
		}
	}
}

// TestFirstRunning looks for the time in each form of a report.
func TestFirstRunning(t *testing.T) {
	r := good()
	r.FirstRunningSeconds = 9.87
	if got := (&table{width: 140}).render(r); !strings.Contains(got, "in 12.3 s; the first admitted pod ran after 9.9 s\n") {
		t.Errorf("the table says %q", got)
	}
	for name, test := range map[string]struct {
		write func(Report, io.Writer) error
		want  string
	}{
		"JSON":  {Report.WriteJSON, `"firstRunningSeconds": 9.87`},
		"JUnit": {Report.WriteJUnit, `name="seconds until the first admitted pod ran" value="9.870"`},
	} {
		for _, one := range []Report{r, good()} {
			var out bytes.Buffer
			if err := test.write(one, &out); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(out.String(), test.want); got != (one.FirstRunningSeconds > 0) {
				t.Errorf("%s: %s", name, out.String())
			}
		}
	}
}

func TestTableColumns(t *testing.T) {
	lines := strings.Split((&table{width: 140}).render(good()), "\n")
	for _, column := range []string{"EXPECTED", "SEEN", "REASON"} {
		at := strings.Index(lines[0], column)
		for _, line := range lines[1:3] {
			if runes := []rune(line); runes[at-1] != ' ' || runes[at] == ' ' {
				t.Errorf("%s isn't above its column in\n%s\n%s", column, lines[0], line)
			}
		}
	}
	if !strings.Contains(lines[4], "PASS  2 of 2 workloads as expected, in 12.3 s") {
		t.Errorf("got %q", lines[4])
	}
}

func TestTableOfErrors(t *testing.T) {
	early := good()
	early.Error, early.Verdicts = "interrupted", nil
	if got := (&table{width: 80}).render(early); !strings.Contains(got, "FAIL  0 of 0") || !strings.Contains(got, "interrupted") {
		t.Errorf("got %s", got)
	}
	step := good()
	step.Steps[0].Error = "exit status 1\n    notation sign x"
	got := (&table{width: 80, colour: true}).render(step)
	if !strings.Contains(got, "\x1b[31mFAIL\x1b[0m") || !strings.Contains(got, "\n       sign <busybox>: exit status 1\n           notation sign x\n") {
		t.Errorf("got %s", got)
	}
}

func TestWriteTable(t *testing.T) {
	var out bytes.Buffer
	if err := good().WriteTable(&out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Errorf("colour where there is no terminal: %q", &out)
	}
	if err := good().WriteTable(brokenPipe{}); err != io.ErrClosedPipe {
		t.Errorf("got %v", err)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
