package fault

import "regexp"

// failurePolicies is where it is written what the API server makes of a webhook
// that it can't ask.
const failurePolicies = "https://kubernetes.io/docs/reference/access-authn-authz/" +
	"extensible-admission-controllers/#failure-policy"

var noAnswer = regexp.MustCompile(`failed calling webhook`)

// ofKyverno are the faults of Kyverno itself.
func (w World) ofKyverno() []Fault {
	updates := Goes
	if w.AsksAboutUpdates {
		updates = Waits
	}
	all := []Fault{
		{
			Name: "kyverno-killed", Does: "Kyverno is killed, and started again",
			Begin: w.Keeper.Kill, End: w.Keeper.Start,
		},
		{
			Name: "kyverno-restarted", Does: "Kyverno is ended gently, as by the end of its pod, and started again",
			Begin: w.Keeper.Stop, End: w.Keeper.Start,
		},
		{
			Name: "kyverno-stopped", Does: "Kyverno is stopped in the middle of what it does, and goes on later",
			Begin: w.Keeper.Pause, End: w.Keeper.Resume, Patient: true,
		},
	}
	for i := range all {
		all[i].Why, all[i].KnownFrom = "who can't be asked hasn't verified anything", failurePolicies
		all[i].Words, all[i].Signed, all[i].Updates = noAnswer, Waits, updates
	}
	return all
}
