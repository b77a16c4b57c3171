package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The elements of JUnit's XML as Jenkins and its kin read them
// (https://github.com/jenkinsci/xunit-plugin, jenkins-junit.xsd).
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Errors   int          `xml:"errors,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name       string           `xml:"name,attr"`
		Tests      int              `xml:"tests,attr"`
		Failures   int              `xml:"failures,attr"`
		Errors     int              `xml:"errors,attr"`
		Time       string           `xml:"time,attr"`
		Timestamp  string           `xml:"timestamp,attr"`
		Properties *junitProperties `xml:"properties"`
		Cases      []junitCase      `xml:"testcase"`
	}
	junitProperties struct {
		All []junitProperty `xml:"property"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name      string        `xml:"name,attr"`
		Classname string        `xml:"classname,attr"`
		Time      string        `xml:"time,attr"`
		Error     *junitProblem `xml:"error"`
		Failure   *junitProblem `xml:"failure"`
		Output    string        `xml:"system-out,omitempty"`
	}
	junitProblem struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the report as JUnit XML: a suite of the steps and a suite
// of the workloads. A step that fails is an error, a workload that fares
// otherwise than it must is a failure.
func (r Report) WriteJUnit(out io.Writer) error {
	suites := junitSuites{Name: "container-signing", Time: seconds(r.Seconds), Suites: []junitSuite{r.junitSteps(), r.junitWorkloads()}}
	for i := range suites.Suites {
		suite := &suites.Suites[i]
		suite.count()
		suites.Tests += suite.Tests
		suites.Failures += suite.Failures
		suites.Errors += suite.Errors
	}
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(out)
	encoder.Indent("", "  ")
	if err := encoder.Encode(suites); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n")
	return err
}

// junitSteps makes a suite of the steps. What ended the run counts as a step
// that failed, unless one of the steps did.
func (r Report) junitSteps() junitSuite {
	suite := junitSuite{Name: "steps", Timestamp: timestamp(r.Started), Properties: r.junitProperties()}
	for _, step := range r.Steps {
		one := junitCase{Name: step.Name, Classname: "steps", Time: seconds(step.Seconds)}
		if step.Error != "" {
			one.Error = &junitProblem{Message: firstLine(step.Error), Type: "step", Text: step.Error}
		}
		suite.Cases = append(suite.Cases, one)
	}
	if r.Error != "" && r.failedSteps() == 0 {
		suite.Cases = append(suite.Cases, junitCase{Name: "run", Classname: "steps", Time: seconds(r.Seconds),
			Error: &junitProblem{Message: firstLine(r.Error), Type: "run", Text: r.Error}})
	}
	return suite
}

func (r Report) junitProperties() *junitProperties {
	var properties junitProperties
	for _, tool := range slices.Sorted(maps.Keys(r.Versions)) {
		properties.All = append(properties.All, junitProperty{"version " + tool, r.Versions[tool]})
	}
	for _, image := range r.Images {
		properties.All = append(properties.All, junitProperty{"image " + image.Name, image.Reference})
		if image.SignatureDigest != "" {
			properties.All = append(properties.All, junitProperty{"signature of " + image.Name, image.SignatureDigest})
		}
	}
	if r.FirstRunningSeconds > 0 {
		properties.All = append(properties.All, junitProperty{"seconds until the first admitted pod ran", seconds(r.FirstRunningSeconds)})
	}
	if properties.All == nil {
		return nil
	}
	return &properties
}

func (r Report) junitWorkloads() junitSuite {
	suite := junitSuite{Name: strings.TrimSpace("workloads " + r.Name), Timestamp: timestamp(r.Started)}
	for _, verdict := range r.Verdicts {
		folder, name, _ := strings.Cut(verdict.Workload, "/")
		one := junitCase{Name: name, Classname: "workloads." + folder, Time: seconds(verdict.Seconds)}
		if !verdict.Passed {
			one.Failure = &junitProblem{Message: verdict.Failure, Type: verdict.Seen, Text: verdict.explain()}
		} else {
			one.Output = verdict.Seen + ": " + verdict.words()
		}
		suite.Cases = append(suite.Cases, one)
	}
	if len(r.Verdicts) == 0 {
		const message = "no workload was judged"
		suite.Cases = []junitCase{{Name: "verdicts", Classname: "workloads", Time: seconds(0),
			Error: &junitProblem{Message: message, Type: "run", Text: message}}}
	}
	return suite
}

func (s *junitSuite) count() {
	var total float64
	for _, one := range s.Cases {
		s.Tests++
		if one.Error != nil {
			s.Errors++
		}
		if one.Failure != nil {
			s.Failures++
		}
		if took, err := strconv.ParseFloat(one.Time, 64); err == nil {
			total += took
		}
	}
	s.Time = seconds(total)
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }

// timestamp renders a time as the schema wants it: without a zone, in UTC.
func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05") }

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return line
}
