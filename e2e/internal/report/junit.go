package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jstemmer/go-junit-report/v2/junit"
)

// WriteJUnit writes the report as JUnit XML, in the form that Jenkins and its
// kin read (https://github.com/jenkinsci/xunit-plugin, junit-10.xsd): a suite
// of the steps and a suite of the workloads. A step that fails is an error, a
// workload that fares otherwise than it must is a failure.
func (r Report) WriteJUnit(out io.Writer) error {
	suites := junit.Testsuites{Name: "container-signing", Time: seconds(r.Seconds)}
	for id, suite := range []junit.Testsuite{r.junitSteps(), r.junitWorkloads()} {
		suite.ID, suite.Timestamp = id, timestamp(r.Started)
		suites.AddSuite(suite)
	}
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return err
	}
	return suites.WriteXML(out)
}

// junitSteps makes a suite of the steps. What ended the run counts as a step
// that failed, unless one of the steps did.
func (r Report) junitSteps() junit.Testsuite {
	suite := junit.Testsuite{Name: "steps"}
	r.addProperties(&suite)
	var total float64
	for _, step := range r.Steps {
		one := junit.Testcase{Name: step.Name, Classname: "steps", Time: seconds(step.Seconds)}
		if step.Error != "" {
			one.Error = problem("step", firstLine(step.Error), step.Error)
		}
		suite.AddTestcase(one)
		total += step.Seconds
	}
	if r.Error != "" && r.failedSteps() == 0 {
		suite.AddTestcase(junit.Testcase{Name: "run", Classname: "steps", Time: seconds(r.Seconds),
			Error: problem("run", firstLine(r.Error), r.Error)})
		total += r.Seconds
	}
	suite.Time = seconds(total)
	return suite
}

func (r Report) addProperties(suite *junit.Testsuite) {
	for _, tool := range slices.Sorted(maps.Keys(r.Versions)) {
		suite.AddProperty("version "+tool, r.Versions[tool])
	}
	for _, image := range r.Images {
		suite.AddProperty("image "+image.Name, image.Reference)
		if image.SignatureDigest != "" {
			suite.AddProperty("signature of "+image.Name, image.SignatureDigest)
		}
	}
	if r.FirstRunningSeconds > 0 {
		suite.AddProperty("seconds until the first admitted pod ran", seconds(r.FirstRunningSeconds))
	}
}

// junitWorkloads makes a suite of the workloads. That there are none is an
// error: without it a run that judged nothing would look like a good one.
func (r Report) junitWorkloads() junit.Testsuite {
	suite := junit.Testsuite{Name: strings.TrimSpace(r.judged() + " " + r.Name)}
	var total float64
	for _, verdict := range r.Verdicts {
		folder, name, _ := strings.Cut(verdict.Workload, "/")
		one := junit.Testcase{Name: name, Classname: r.judged() + "." + folder, Time: seconds(verdict.Seconds)}
		if !verdict.Passed {
			one.Failure = problem(verdict.Seen, verdict.Failure, verdict.explain())
		} else {
			one.SystemOut = &junit.Output{Data: inXML(verdict.Seen + ": " + verdict.words())}
		}
		suite.AddTestcase(one)
		total += verdict.Seconds
	}
	if len(r.Verdicts) == 0 {
		const message = "no workload was judged"
		suite.AddTestcase(junit.Testcase{Name: "verdicts", Classname: "workloads", Time: seconds(0),
			Error: problem("run", message, message)})
	}
	suite.Time = seconds(total)
	return suite
}

func problem(kind, message, text string) *junit.Result {
	return &junit.Result{Type: kind, Message: message, Data: inXML(text)}
}

// inXML replaces what XML can't hold (https://www.w3.org/TR/xml/#charsets).
// encoding/xml does so in attributes, but not in the CDATA sections that the
// library writes texts into.
func inXML(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\t', r == '\n', r == '\r', 0x20 <= r && r <= 0xD7FF, 0xE000 <= r && r <= 0xFFFD, 0x10000 <= r:
			return r
		}
		return '\uFFFD'
	}, text)
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }

// timestamp renders a time as the format has it: without a zone, in UTC.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") }

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
