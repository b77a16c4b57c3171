package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jstemmer/go-junit-report/v2/junit"
)

func writeJUnit(t *testing.T, r Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := r.WriteJUnit(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func readJUnit(t *testing.T, r Report) junit.Testsuites {
	t.Helper()
	content := writeJUnit(t, r)
	var suites junit.Testsuites
	decoder := xml.NewDecoder(bytes.NewReader(content))
	if err := decoder.Decode(&suites); err != nil {
		t.Fatalf("%v in %s", err, content)
	}
	if _, err := decoder.Token(); err != nil && !errors.Is(err, io.EOF) {
		t.Fatalf("after the end: %v", err)
	}
	return suites
}

func TestJUnit(t *testing.T) {
	t.Parallel()
	suites := readJUnit(t, bad())
	if suites.Tests != 4 || suites.Failures != 1 || suites.Errors != 0 || suites.Time != "12.345" ||
		len(suites.Suites) != 2 {
		t.Errorf("got %d tests, %d failures, %d errors in %s s and %d suites",
			suites.Tests, suites.Failures, suites.Errors, suites.Time, len(suites.Suites))
	}
	steps, workloads := suites.Suites[0], suites.Suites[1]
	if steps.Timestamp != "2026-11-22T11:30:00" || steps.Testcases[0].Name != "sign <busybox>" ||
		steps.Time != "0.500" {
		t.Errorf("steps: %+v", steps)
	}
	if workloads.Name != "workloads imagevalidatingpolicy" || workloads.Time != "31.000" || workloads.ID == steps.ID {
		t.Errorf("workloads: %+v", workloads)
	}
	properties := map[string]string{}
	for _, property := range *steps.Properties {
		properties[property.Name] = property.Value
	}
	if properties["version kyverno"] != "v1.19.1" || properties["image signed"] != "127.0.0.1:5001/busybox:signed" ||
		properties["signature of signed"] != "sha256:22" {
		t.Errorf("properties: %v", properties)
	}
	failed := workloads.Testcases[2]
	if failed.Classname != "workloads.deny" || failed.Name != "pod-other" || failed.Failure == nil {
		t.Fatalf("got %+v", failed)
	}
	if !strings.Contains(failed.Failure.Data, "context deadline exceeded ]]>") ||
		failed.Failure.Message != bad().Verdicts[2].Failure || failed.Failure.Type != Failed {
		t.Errorf("got %+v", failed.Failure)
	}
	if passed := workloads.Testcases[1]; passed.Failure != nil || !strings.Contains(passed.SystemOut.Data, "& <more>") {
		t.Errorf("got %+v", passed)
	}
}

func TestJUnitErrors(t *testing.T) {
	t.Parallel()
	early := good()
	early.Error, early.Verdicts = "interrupted\nby Ctrl-C", nil
	suites := readJUnit(t, early)
	if suites.Errors != 2 || suites.Failures != 0 {
		t.Errorf("got %d errors, %d failures; want one for the run and one for missing verdicts",
			suites.Errors, suites.Failures)
	}
	if run := suites.Suites[0].Testcases[1]; run.Error == nil || run.Error.Message != "interrupted" ||
		run.Error.Data != early.Error {
		t.Errorf("got %+v", run)
	}
	step := good()
	step.Error = "signing: no"
	step.Steps[0].Error = "no\nhint: sign"
	suites = readJUnit(t, step)
	failed := suites.Suites[0].Testcases[0].Error
	if suites.Errors != 1 || failed == nil || failed.Message != "no" || failed.Data != "no\nhint: sign" {
		t.Errorf("got %+v, want the step's error alone, and the hint in its text", suites.Suites[0].Testcases)
	}
}

// TestJUnitIsXML holds each kind of report against what XML can hold.
// encoding/xml reads more than it should, so characters are looked at here.
func TestJUnitIsXML(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Report{"good": good(), "bad": bad(), "empty": {}, "hostile": hostile()} {
		content := writeJUnit(t, r)
		if !utf8.Valid(content) {
			t.Errorf("%s: it isn't UTF-8", name)
		}
		for _, char := range string(content) {
			if char < 0x20 && !strings.ContainsRune("\t\n\r", char) || char == 0xFFFE || char == 0xFFFF {
				t.Errorf("%s: XML can't hold %U", name, char)
			}
		}
		readJUnit(t, r)
	}
	// What can be kept is kept.
	if got := readJUnit(t, hostile()).Suites[0].Testcases[1].Error.Data; !strings.Contains(got, "]]><!-- &lt;& \"'") ||
		!strings.Contains(got, "日本語 🙂 e\u0301") || !strings.Contains(got, "\uFFFD[2J") {
		t.Errorf("got %q", got)
	}
}

// An element of the format that Jenkins reads, by the rules of its junit-10.xsd.
type element struct {
	required, optional, children []string
}

var jenkins = map[string]element{
	"testsuites": {optional: []string{"name", "time", "tests", "failures", "errors"}, children: []string{"testsuite"}},
	"testsuite": {
		required: []string{"name", "tests", "failures", "errors"},
		optional: []string{"group", "time", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"},
		children: []string{"testsuite", "properties", "testcase", "system-out", "system-err"},
	},
	"properties": {children: []string{"property"}},
	"property":   {required: []string{"name", "value"}},
	"testcase": {
		required: []string{"name"}, optional: []string{"time", "classname", "group"},
		children: []string{"skipped", "error", "failure", "system-out", "system-err"},
	},
	"error":      {optional: []string{"type", "message"}},
	"failure":    {optional: []string{"type", "message"}},
	"system-out": {},
}

var jenkinsTime = regexp.MustCompile(`^[0-9]*(\.[0-9]*)?$`)

// TestJUnitByJenkinsRules checks each element: who reads the file silently
// drops what it doesn't know.
func TestJUnitByJenkinsRules(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]Report{"good": good(), "bad": bad(), "empty": {}, "hostile": hostile()} {
		decoder := xml.NewDecoder(bytes.NewReader(writeJUnit(t, r)))
		open := []string{""}
		seen := map[string]int{}
		for {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			switch token := token.(type) {
			case xml.StartElement:
				checkElement(t, name, open[len(open)-1], token)
				seen[token.Name.Local]++
				open = append(open, token.Name.Local)
			case xml.EndElement:
				open = open[:len(open)-1]
			}
		}
		if seen["testsuites"] != 1 || seen["testsuite"] != 2 || seen["testcase"] == 0 {
			t.Errorf("%s: elements: %v", name, seen)
		}
	}
}

func checkElement(t *testing.T, report, parent string, start xml.StartElement) {
	t.Helper()
	name := start.Name.Local
	rules, known := jenkins[name]
	if !known || parent == "" && name != "testsuites" ||
		parent != "" && !slices.Contains(jenkins[parent].children, name) {
		t.Errorf("%s: <%s> in <%s>", report, name, parent)
	}
	present := map[string]string{}
	for _, attribute := range start.Attr {
		present[attribute.Name.Local] = attribute.Value
		if !slices.Contains(slices.Concat(rules.required, rules.optional), attribute.Name.Local) {
			t.Errorf("%s: <%s> has the attribute %s", report, name, attribute.Name.Local)
		}
	}
	for _, required := range rules.required {
		if _, has := present[required]; !has {
			t.Errorf("%s: <%s> has no attribute %s", report, name, required)
		}
	}
	if !jenkinsTime.MatchString(present["time"]) {
		t.Errorf("%s: <%s> took %q", report, name, present["time"])
	}
}

// TestJUnitTellsCasesApart relies on what GitHub's and GitLab's readers key
// tests by: the pair of class and name.
func TestJUnitTellsCasesApart(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, suite := range readJUnit(t, bad()).Suites {
		for _, one := range suite.Testcases {
			if key := one.Classname + "/" + one.Name; seen[key] || one.Classname == "" || one.Name == "" {
				t.Errorf("%q isn't told apart", key)
			} else {
				seen[key] = true
			}
		}
	}
}

func TestWriteJUnitTellsFaults(t *testing.T) {
	t.Parallel()
	if err := good().WriteJUnit(brokenPipe{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}
