// Package report holds what a run has shown, and writes it as a table for a
// person, as JSON for a program, and as JUnit XML for a CI system.
package report

import "time"

// What a workload's last document met with.
const (
	Admitted = "admitted"
	// Refused is a refusal by an admission webhook.
	Refused = "refused"
	// Failed is any other answer of the API server, and no answer at all.
	Failed = "error"
)

// Whether an admitted workload runs.
const (
	Runs = "yes"
	// RunsNotChecked is what is said of it where there is no node.
	RunsNotChecked = "not checked"
)

// A Report is the outcome of one run.
type Report struct {
	// Name tells runs apart, such as the name of the policy's kind.
	Name string `json:"name"`
	// Judged are what the verdicts are about; empty for workloads.
	Judged  string    `json:"judged,omitempty"`
	Started time.Time `json:"started"`
	// Seconds is how long the run took.
	Seconds float64 `json:"seconds"`
	// FirstRunningSeconds is how long after Started the first admitted pod
	// was seen running; 0 if none was.
	FirstRunningSeconds float64 `json:"firstRunningSeconds,omitempty"`
	// Error is what ended the run early; empty if it came to its end.
	Error string `json:"error,omitempty"`
	// Exemptions are what the policies leave out, in words.
	Exemptions []string `json:"exemptions,omitempty"`
	// Versions maps a tool to its version.
	Versions map[string]string `json:"versions"`
	Images   []Image           `json:"images"`
	Steps    []Step            `json:"steps"`
	Verdicts []Verdict         `json:"verdicts"`
}

// An Image is an image of the run.
type Image struct {
	// Name is how the workloads call it, such as "signed".
	Name      string `json:"name"`
	Reference string `json:"reference"`
	Digest    string `json:"digest"`
	// SignatureDigest is the digest of the signature's manifest; empty if
	// the image isn't signed.
	SignatureDigest string `json:"signatureDigest,omitempty"`
}

// A Step is one thing that the run did.
type Step struct {
	Name    string    `json:"name"`
	Started time.Time `json:"started"`
	Seconds float64   `json:"seconds"`
	// Error is why the step failed; empty if it didn't.
	Error string `json:"error,omitempty"`
}

// A Verdict compares what happened to a workload with what must happen.
type Verdict struct {
	Workload string `json:"workload"`
	// Kind is the kind of the object that decided.
	Kind string `json:"kind"`
	// Expected is Admitted or Refused, and Failed if a fault that is known stands
	// in the way; Seen is one of these. For mutants both say who notices them.
	Expected string `json:"expected"`
	Seen     string `json:"seen"`
	Passed   bool   `json:"passed"`
	// Policy is the policy that had to refuse; Webhook is the admission
	// webhook that did, and Reason is why, in its own words.
	Policy  string `json:"policy,omitempty"`
	Webhook string `json:"webhook,omitempty"`
	Reason  string `json:"reason,omitempty"`
	// Lock is who refused it, such as an admission webhook or a policy of the API
	// server's own.
	Lock string `json:"lock,omitempty"`
	// Short says in a few words what is wrong with an image that was refused as
	// expected, such as "signed by another CA": policies give one reason for
	// several faults. It is empty if that isn't known.
	Short string `json:"short,omitempty"`
	// Matched are the words of the reason that were expected.
	Matched string `json:"matched,omitempty"`
	// Detail says what was looked at where it was admitted.
	Detail string `json:"detail,omitempty"`
	// Runs is Runs or RunsNotChecked for what was admitted as expected.
	Runs string `json:"runs,omitempty"`
	// Failure says why the verdict didn't pass.
	Failure string  `json:"failure,omitempty"`
	Seconds float64 `json:"seconds"`
	// Attack tells what was tried, if it was one.
	Attack *Attack `json:"attack,omitempty"`
	// KnownFault tells why an attack succeeds that mustn't: with the version of
	// the program that has the fault, where it is known from, and what to do.
	KnownFault string `json:"knownFault,omitempty"`
}

// An Attack is a try to get an image in that nobody has signed.
type Attack struct {
	// Does is what the attacker does, in a sentence.
	Does string `json:"does"`
	// Why says why it must be stopped by the lock that has to.
	Why string `json:"why"`
	// KnownFrom is where it is known from: a URL, an identifier such as
	// CVE-2022-47633, or the name of the contract that forbids it.
	KnownFrom string `json:"knownFrom"`
}

// judged are what the verdicts are about.
func (r Report) judged() string {
	if r.Judged == "" {
		return "workloads"
	}
	return r.Judged
}

// Passed tells whether the run came to its end, all its steps succeeded, and
// it has verdicts, each of them as expected.
func (r Report) Passed() bool {
	return r.Error == "" && len(r.Verdicts) > 0 && r.failedSteps() == 0 && r.failedVerdicts() == 0
}

func (r Report) failedSteps() int {
	return count(r.Steps, func(s Step) bool { return s.Error != "" })
}

func (r Report) failedVerdicts() int {
	return count(r.Verdicts, func(v Verdict) bool { return !v.Passed })
}

func count[T any](all []T, is func(T) bool) int {
	n := 0
	for _, one := range all {
		if is(one) {
			n++
		}
	}
	return n
}
