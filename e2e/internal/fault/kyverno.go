package fault

import (
	"context"
	"regexp"

	"container-signing/e2e/internal/cluster"
)

// failurePolicies is where it is written what the API server makes of a webhook
// that it can't ask.
const failurePolicies = "https://kubernetes.io/docs/reference/access-authn-authz/" +
	"extensible-admission-controllers/#failure-policy"

var noAnswer = regexp.MustCompile(`failed calling webhook`)

// OfKyverno are the faults of Kyverno itself. Asked says that it is asked about
// updates that leave all images in their places too.
func OfKyverno(keeper *cluster.Keeper, asked bool) []Fault {
	updates := Goes
	if asked {
		updates = Waits
	}
	const why = "who can't be asked hasn't verified anything"
	all := []Fault{
		{
			Name: "kyverno-killed", Does: "Kyverno is killed, and started again",
			Begin: keeper.Kill, End: keeper.Start, Words: noAnswer,
		},
		{
			Name: "kyverno-restarted", Does: "Kyverno is ended gently, as by the end of its pod, and started again",
			Begin: keeper.Stop, End: keeper.Start, Words: noAnswer,
		},
		{
			Name: "kyverno-stopped", Does: "Kyverno is stopped in the middle of what it does, and goes on later",
			Begin: keeper.Pause, End: keeper.Resume, Words: noAnswer, Patient: true,
		},
	}
	for i := range all {
		all[i].Why, all[i].KnownFrom = why, failurePolicies
		all[i].Signed, all[i].Updates = Waits, updates
	}
	if asked {
		return all
	}
	return all
}

// OfKubernetes are the faults of what Kubernetes itself consists of.
func OfKubernetes(c *cluster.Cluster) []Fault {
	return []Fault{
		{
			Name: "api-server-killed", Does: "the API server is killed, and started again",
			Why:       "one that has just been started must not serve before it knows whom to ask",
			KnownFrom: failurePolicies,
			Begin:     c.KillAPIServer, End: c.StartAPIServer, Words: regexp.MustCompile(`connection refused`), Signed: Waits,
		},
		{
			Name: "etcd-stopped", Does: "etcd is stopped in the middle of what it does, and goes on later",
			Why:       "what was asked for meanwhile may be written after all",
			KnownFrom: failurePolicies,
			Begin:     c.PauseEtcd, End: c.ResumeEtcd, Words: regexp.MustCompile(`(?i)time`), Signed: Waits,
		},
	}
}

// nothing is the end of a fault that ends by itself.
func nothing(context.Context) error { return nil }
