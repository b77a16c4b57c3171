package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"container-signing/e2e/internal/supply"
)

func clusterUsage(p place, own supply.Identity, kubeconfig string) map[string]usageCase {
	judge := func(args ...string) []string {
		return append([]string{"judge", "--kubeconfig", kubeconfig, "--ca", own.CA}, args...)
	}
	folder, _ := strings.CutSuffix(kubeconfig, "/kubeconfig")
	writeFile(p.t, p.in("pushed.json"), `{"repository":"app","tag":"1","digests":{"signed":"sha256:1"}}`)
	return map[string]usageCase{
		"unknown flag of credentials": {
			[]string{"credentials", "--colour"},
			[]string{"--colour", "`e2e credentials --help`"},
		},
		"credentials of no server": {
			[]string{"credentials", "--output", p.in("none")},
			[]string{"--server is missing"},
		},
		"credentials of plain HTTP": {
			[]string{"credentials", "--output", p.in("none"), "--server", "http://cluster"},
			[]string{`--server "http://cluster"`, "https://cluster:6443"},
		},
		"unknown flag of cluster":     {[]string{"cluster", "--colour"}, []string{"--colour", "`e2e cluster --help`"}},
		"cluster without credentials": {[]string{"cluster"}, []string{"--credentials is missing"}},
		"cluster of no credentials": {
			[]string{"cluster", "--credentials", p.in("nowhere")},
			[]string{"--credentials", p.in("nowhere/ca.crt"), "no such file", "`e2e credentials` makes them"},
		},
		"cluster that listens nowhere": {
			[]string{"cluster", "--credentials", folder, "--listen", "cluster"},
			[]string{`--listen "cluster"`, "missing port", "a host and a port"},
		},
		"cluster that listens at nothing": {
			[]string{"cluster", "--credentials", folder, "--listen", ""},
			[]string{`--listen ""`, "a host and a port"},
		},
		"cluster that answers nowhere": {
			[]string{"cluster", "--credentials", folder, "--readyz", "cluster"},
			[]string{`--readyz "cluster"`, "a host and a port"},
		},
		"cluster of one address": {
			[]string{"cluster", "--credentials", folder, "--listen", "127.0.0.1:0", "--readyz", "127.0.0.1:0"},
			[]string{"--readyz 127.0.0.1:0", "another one"},
		},
		"cluster with no time": {
			[]string{"cluster", "--credentials", folder, "--timeout", "-1s"},
			[]string{"--timeout -1s", "positive duration"},
		},
		"unknown flag of judge": {judge("--colour"), []string{"--colour", "`e2e judge --help`"}},
		"judge of no cluster":   {[]string{"judge", "--ca", own.CA}, []string{"--kubeconfig is missing"}},
		"missing kubeconfig": {
			judge("--kubeconfig", p.in("nowhere")),
			[]string{`kubeconfig "` + p.in("nowhere") + `"`, "no such file", "`e2e credentials`"},
		},
		"kubeconfig of prose": {
			judge("--kubeconfig", p.in("prose")),
			[]string{`kubeconfig "` + p.in("prose") + `"`, "`e2e credentials`"},
		},
		"judge at what is no URL": {
			judge("--server", "cluster:6443"),
			[]string{`--server "cluster:6443"`, "https://cluster:6443"},
		},
		"judge that asks at what is no URL": {
			judge("--await", "cluster:6444"),
			[]string{`--await "cluster:6444"`, "http://cluster:6444/readyz"},
		},
		"judge by a missing CA":  {judge("--ca", p.in("nowhere")), []string{"--ca", p.in("nowhere"), "no such file"}},
		"judge by what is no CA": {judge("--ca", "usage_test.go"), []string{"--ca", `"usage_test.go"`, "PEM or DER"}},
		"judge by an unknown policy": {
			judge("--policy", "opa"),
			[]string{`--policy "opa"`, "imagevalidatingpolicy, clusterpolicy"},
		},
		"judge what isn't there": {judge("--workloads", p.in("nowhere")), []string{"--workloads", p.in("nowhere")}},
		"judge what was only pushed": {
			judge("--state", p.in("pushed.json")),
			[]string{"--state", "haven't been compared", "hint: give the one that `e2e promote` has written"},
		},
		"judge what wasn't promoted": {
			judge("--state", p.in("nowhere")),
			[]string{"--state", p.in("nowhere"), "no such file"},
		},
		"judge into a file": {
			judge("--report", "usage_test.go/report"),
			[]string{`--report "usage_test.go/report"`, "give a folder"},
		},
	}
}

// clusterNodeUsage asks for a node, or for judging one, without what it takes.
func clusterNodeUsage(p place, own supply.Identity, kubeconfig string) map[string]usageCase {
	writeFile(p.t, p.in("program"), "")
	cluster := func(args ...string) []string {
		return append([]string{"cluster", "--credentials", filepath.Dir(kubeconfig), "--listen", p.ci}, args...)
	}
	return map[string]usageCase{
		"node that lacks all": {cluster("--node", "on", "--registry", "production:5000"),
			[]string{"--node on needs --registry, --image-verifier and --trust too"}},
		"node that isn't a mode": {cluster("--node", "yes"), []string{`unknown --node "yes"`}},
		"node without trust": {
			cluster("--node", "auto", "--registry", "production:5000", "--image-verifier", p.in("program"),
				"--trust", p.in("none")),
			[]string{"reading --trust: "}},
		"bypass of nothing": {[]string{"judge", "--ca", own.CA, "--kubeconfig", kubeconfig, "--bypass", "--runs"},
			[]string{"--bypass needs --runs and --state"}},
	}
}

// TestListen names the process that has the port of a cluster.
func TestListen(t *testing.T) {
	folder, taken := filepath.Join(t.TempDir(), "credentials"), listen(t)
	if made := e2e(t, "credentials", "--output", folder, "--server", "https://"+taken); made.status != 0 {
		t.Fatal(made.stderr)
	}
	checkUsage(t, []string{"cluster", "--credentials", folder, "--listen", taken},
		"--listen "+taken+" is taken by process ", os.Args[0], "another address with --listen")
}
