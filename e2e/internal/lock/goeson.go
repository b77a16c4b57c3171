package lock

import "container-signing/e2e/internal/report"

// goesOn are requests that operators and Kyverno itself have to make.
var goesOn = []Attempt{
	{
		Name: "ca-labelled", GoesOn: "a label changes nothing about the CA",
		request: trust(`{"metadata": {"labels": {"a": "b"}}}`),
	},
	{Name: "kyverno-scaled-up", GoesOn: "more of Kyverno takes no lock off", request: scaled(3)},
	{
		Name: "kyverno-changes-its-webhooks", GoesOn: "Kyverno keeps its webhooks in step with the policies",
		request: by(as(admissionController), validating(`{"metadata": {"annotations": {"a": "b"}}}`)),
	},
}

// limits are attempts that aren't refused, though they should be, beside a
// ClusterPolicy: each stands here so that it is noticed when that changes.
var limits = []Attempt{
	limit("limit-validating-webhooks-emptied-as-kyverno",
		"Takes all validating webhooks out of Kyverno's configuration under the name of Kyverno's account.",
		by(as(admissionController), validating(noWebhooks))),
	limit("limit-mutating-webhooks-emptied-as-kyverno",
		"Takes all mutating webhooks out of Kyverno's configuration under the name of Kyverno's account.",
		by(as(admissionController), mutating(noWebhooks))),
}

// limit is an attempt that this lock can't tell from what Kyverno does itself.
func limit(name, does string, r request) Attempt {
	return Attempt{
		Name: name, request: r,
		GoesOn:     "nobody refuses it so far: if somebody does now, it has to be refused from now on",
		KnownFault: "who impersonates Kyverno's account is Kyverno to the API server",
		Attack: &report.Attack{
			Does: does, Why: "Kyverno puts them back when it next looks, and nobody is asked until then.",
			KnownFrom: impersonated,
		},
	}
}
