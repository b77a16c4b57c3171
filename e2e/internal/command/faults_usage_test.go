package command

// faultsUsage asks for faults that can't be brought about.
func faultsUsage(p place) map[string]usageCase {
	return map[string]usageCase{
		"unknown fault": {
			[]string{"faults", "--only", "kyverno", "--only", "earthquake"},
			[]string{`unknown --only "earthquake"`, "known are kyverno-killed, "},
		},
		"faults of an unknown policy": {[]string{"faults", "--policy", "none"}, []string{`unknown --policy "none"`}},
		"faults of no registry": {
			[]string{"faults", "--production-registry", "registry"},
			[]string{`--production-registry "registry"`, "a host and a port"},
		},
		"faults of one registry": {
			[]string{"faults", "--production-registry", p.ci, "--ci-registry", p.ci},
			[]string{"--ci-registry and --production-registry are both " + p.ci},
		},
		"faults on an unknown node": {[]string{"faults", "--node", "maybe"}, []string{`unknown --node "maybe"`}},
	}
}
