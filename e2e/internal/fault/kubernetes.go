package fault

import "regexp"

// ofKubernetes are the faults of what Kubernetes itself consists of.
func (w World) ofKubernetes() []Fault {
	return []Fault{
		{
			Name: "api-server-killed", Does: "the API server is killed, and started again",
			Why:       "one that has just been started mustn't serve before it knows whom to ask",
			KnownFrom: failurePolicies,
			Begin:     w.Cluster.KillAPIServer, End: w.Cluster.StartAPIServer,
			Words: regexp.MustCompile(`connection refused`), Signed: Waits,
		},
		{
			Name: "etcd-stopped", Does: "etcd is stopped in the middle of what it does, and goes on later",
			Why:       "what was asked for meanwhile may be written after all",
			KnownFrom: failurePolicies,
			Begin:     w.Cluster.PauseEtcd, End: w.Cluster.ResumeEtcd,
			Words: regexp.MustCompile(`(?i)time`), Signed: Waits,
		},
	}
}
