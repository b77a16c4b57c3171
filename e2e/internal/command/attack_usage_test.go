package command

import "slices"

func attackUsage(p place, kubeconfig string) map[string]usageCase {
	attack := func(args ...string) []string {
		return slices.Concat([]string{"attack", "--kubeconfig", kubeconfig, "--repository", p.ci + "/scratch"}, args)
	}
	return map[string]usageCase{
		"attack without a cluster": {
			[]string{"attack", "--repository", "a/b"}, []string{"--kubeconfig is missing", "`e2e attack --help`"},
		},
		"attack without a repository": {
			[]string{"attack", "--kubeconfig", kubeconfig}, []string{"--repository is missing"},
		},
		"attack with a repository that has a tag": {
			attack("--repository", "registry.example.com/scratch:1"),
			[]string{`--repository "registry.example.com/scratch:1"`, "without a tag"},
		},
		"attack with a repository that can't be": {
			attack("--repository", "Scratch//a"), []string{`--repository "Scratch//a"`, "registry.example.com/scratch"},
		},
		"attack with a signed image that can't be": {
			attack("--signed", "App:1:2"), []string{`--signed "App:1:2"`, "registry.example.com/app:1.0"},
		},
		"attack on a kubeconfig that isn't there": {
			attack("--kubeconfig", p.in("nowhere")), []string{"nowhere", "--kubeconfig"},
		},
		"attack with a report that can't be written": {
			attack("--report", kubeconfig), []string{"--report", "can be written to"},
		},
	}
}
