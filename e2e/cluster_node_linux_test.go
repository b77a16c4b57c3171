package main_test

import (
	"net"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"container-signing/e2e/internal/node/nodetest"
	"container-signing/e2e/internal/report"
)

// TestNode runs a cluster with a node as a command, as in a container: its
// registry is called by a name that only the command's own hosts(5) knows.
func TestNode(t *testing.T) {
	nodetest.Require(t)
	t.Parallel()
	awaitTurn(t)
	s, before := newStage(t), hostTraces(t)
	s.supply()
	verifier := s.in("verifier/notation-image-verifier")
	if output, err := exec.Command("go", "build", "-o", verifier,
		"../plugin/image-verifier").CombinedOutput(); err != nil {
		t.Fatalf("building the image verifier: %v\n%s", err, output)
	}
	host, port, err := net.SplitHostPort(s.production)
	if err != nil {
		t.Fatal(err)
	}
	const name = "production.test"
	hosts := s.in("hosts")
	writeFile(t, hosts, "127.0.0.1 localhost\n"+host+" "+name+"\n")
	production := name + ":" + port
	c := s.prepareCluster("cluster.test", "--node", "on", "--registry", production, "--image-verifier", verifier,
		"--trust", s.in("config/notation"))
	withHosts(c.session, hosts)
	c.start()
	c.awaitLine(clusterReady)
	front := c.descendant("node-front")

	writeFile(t, s.in("workloads/admit/signed.yaml"), admitSigned)
	judging := s.judging("--kubeconfig", c.kubeconfig, "--server", c.address, "--production-registry", production,
		"--workloads", s.in("workloads"), "--report", s.in("report"), "--runs", "--bypass")
	withHosts(judging, hosts)
	s.succeed(judging)
	checkPartNodeReport(t, readReport(t, s.in("report")), production)

	hostTraces(t).checkSame(t, before)
	c.signal(syscall.SIGTERM)
	if status := c.wait(); status != 0 {
		t.Errorf("the cluster: exit status %d, not 0", status)
	}
	hostTraces(t).checkSame(t, before)
	checkCgroupsGone(t, front)
}

// withHosts gives a command a hosts(5) of its own.
func withHosts(command *session, hosts string) {
	const script = `mount --bind "$0" /etc/hosts && exec "$@"`
	command.cmd = exec.Command("sh", append([]string{"-c", script, hosts, program}, command.args...)...)
	command.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
}

// checkPartNodeReport checks that what was admitted runs, and that the image
// verifier has refused what went around the policies, by its name.
func checkPartNodeReport(t *testing.T, saved savedReport, production string) {
	t.Helper()
	if !saved.Passed || saved.FirstRunningSeconds <= 0 {
		t.Errorf("passed: %v; the first admitted pod ran after %v s", saved.Passed, saved.FirstRunningSeconds)
	}
	for name, seen := range map[string]string{
		"admit/signed": report.Admitted, "bypass/pod-in-kube-system": report.Refused,
		"bypass/pod-in-kube-system-signed": report.Admitted,
	} {
		i := slices.IndexFunc(saved.Verdicts, func(v report.Verdict) bool { return v.Workload == name })
		if i < 0 {
			t.Errorf("there is no verdict on %s", name)
			continue
		}
		verdict := saved.Verdicts[i]
		if verdict.Seen != seen || seen == report.Admitted && verdict.Runs != report.Runs || seen == report.Refused &&
			!strings.Contains(verdict.Reason, production) {
			t.Errorf("%s: %+v", name, verdict)
		}
	}
}
