package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestCommands takes the images through the chain by commands, as a pipeline does,
// and through a whole run: the verdicts have to be the same.
func TestCommands(t *testing.T) {
	t.Parallel()
	awaitTurn(t)
	s := newStage(t)
	whole := newSession(t, "--report", s.in("whole")).start()
	c := s.startCluster("cluster.test")
	c.checkClosed("start etcd and kube-apiserver")
	s.supply()
	judging := s.judging("--await", c.readyz, "--kubeconfig", c.kubeconfig, "--server", c.address,
		"--report", s.in("report"), "-v").start()
	c.checkOpening()
	judged := s.succeeded(judging)

	checkJudgeRefuses(s, c)
	if status := whole.wait(); status != 0 {
		t.Errorf("the whole run: exit status %d, not 0", status)
	}
	saved := readReport(t, s.in("report"))
	checkVerdicts(t, saved, judged.text("stdout"))
	checkImages(t, saved, s.production)
	if commands, run := casesOf(saved), casesOf(readReport(t, s.in("whole"))); !slices.Equal(commands, run) {
		t.Errorf("by commands the cases are\n%+v\nand in a whole run\n%+v", commands, run)
	}
	s.fail(s.judging("--kubeconfig", c.kubeconfig, "--server", c.address,
		"--ca", s.in(filepath.Join("another", "ca.crt"))),
		"creating ConfigMap kyverno/notation-ca", "with another CA", "hint: give that CA, or delete the ConfigMap")
	s.judgeRealImages(c)
	c.checkLeft()
	c.signal(syscall.SIGTERM)
	if status := c.wait(); status != 0 {
		t.Errorf("the cluster: exit status %d, not 0", status)
	}
	s.checkSecrets()
}

// supply takes the images to production, by commands.
func (s *stage) supply() {
	s.t.Helper()
	s.demonstration = s.certificates("demonstration")
	s.certificates("another", "--name", "another")
	state := s.push()
	s.succeed(s.signing(s.demonstration, "--image", busybox(s.ci, ""), "--image", busybox(s.ci, "single-platform"),
		"--image", busybox(s.ci, "withdrawn"), "--output", s.in("signed.json"), "-v"))
	s.do("promote", "--ca", s.demonstration.ca, "--keys", filepath.Dir(s.demonstration.ca),
		"--ci-registry", s.ci, "--production-registry", s.production, "--state", state, "-v")
}

// judgeRealImages judges workloads of a user's own that name real images, twice:
// the policies and the CA are there already.
func (s *stage) judgeRealImages(c *clusterCommand) {
	s.t.Helper()
	for file, manifest := range map[string]string{
		"admit/app.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: app}\n" +
			"spec:\n  containers: [{name: main, image: %s}]\n",
		"deny/app.yaml": "apiVersion: v1\nkind: Pod\nmetadata:\n  name: unsigned\n" +
			"  annotations:\n    container-signing/refused-by: require-notation\n" +
			"    container-signing/because: no Notation signature\nspec:\n  containers: [{name: main, image: %s}]\n",
	} {
		image := busybox(s.production, "")
		if strings.HasPrefix(file, "deny") {
			image = busybox(s.production, "unsigned")
		}
		path := s.in(filepath.Join("own", file))
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err = errors.Join(err, os.WriteFile(path, fmt.Appendf(nil, manifest, image), 0o600)); err != nil {
			s.t.Fatal(err)
		}
	}
	for range 2 {
		judged := s.succeed(s.command([]string{
			"judge", "--kubeconfig", c.kubeconfig, "--server", c.address, "--ca", s.demonstration.ca,
			"--workloads", s.in("own"),
		}))
		if !strings.Contains(judged.text("stdout"), "PASS  2 of 2") {
			s.t.Errorf("workloads that name real images:\n%s", judged.text("stdout"))
		}
	}
}

// judging prepares `e2e judge` of what was supplied.
func (s *stage) judging(args ...string) *session {
	return s.command(append([]string{
		"judge", "--ca", s.demonstration.ca, "--state", s.in("state.json"), "--production-registry", s.production,
	}, args...))
}

// certificates makes an identity by `e2e certificates`.
func (s *stage) certificates(name string, args ...string) ownIdentity {
	s.t.Helper()
	folder := s.in(name)
	s.do(append([]string{"certificates", "--output", folder}, args...)...)
	in := func(file string) string { return filepath.Join(folder, file) }
	return ownIdentity{in("signer.key"), in("chain.crt"), in("ca.crt")}
}

// A verdictCase is what must be the same however the chain is run.
type verdictCase struct {
	workload, kind, expected, seen string
	passed                         bool
}

func casesOf(saved savedReport) []verdictCase {
	var cases []verdictCase
	for _, v := range saved.Verdicts {
		if strings.HasPrefix(v.Workload, "lock/") {
			continue // a cluster by commands has no such lock
		}
		cases = append(cases, verdictCase{v.Workload, v.Kind, v.Expected, v.Seen, v.Passed})
	}
	return cases
}

// secretFiles are those that hold private keys.
func (s *stage) secretFiles() []string {
	return []string{
		s.in("demonstration/signer.key"), s.in("another/signer.key"),
		s.in("credentials/ca.key"), s.in("credentials/kubeconfig"),
	}
}

// checkSecrets checks that no private key is in what the commands have printed
// or written for others.
func (s *stage) checkSecrets() {
	s.t.Helper()
	published := map[string][]byte{}
	for _, command := range *s.sessions {
		name := strings.Join(command.args, " ")
		published[name] = append(published[name], command.text("stdout")+command.text("stderr")...)
	}
	for _, pattern := range []string{"*.json", "report/*", "*/*.crt"} {
		files, err := filepath.Glob(s.in(pattern))
		if err != nil || len(files) == 0 {
			s.t.Fatalf("looking for %s: there are none (%v)", pattern, err)
		}
		for _, file := range files {
			published[file] = readFile(s.t, file)
		}
	}
	for _, file := range s.secretFiles() {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			s.t.Errorf("others can read %s: %v (%v)", file, info.Mode(), err)
		}
		for _, secret := range secretLines(s.t, file) {
			for name, content := range published {
				if bytes.Contains(content, []byte(secret)) {
					s.t.Errorf("%s shows a line of the private key %s", name, file)
				}
			}
		}
	}
}

// secretLines returns the lines of a private key: those of the PEM, or the one
// with it in a kubeconfig.
func secretLines(t *testing.T, file string) []string {
	t.Helper()
	var lines []string
	for line := range strings.Lines(string(readFile(t, file))) {
		line = strings.TrimSpace(line)
		data, isData := strings.CutPrefix(line, "client-key-data: ")
		if isData || filepath.Base(file) != "kubeconfig" && len(line) >= 20 && !strings.HasPrefix(line, "-----") {
			lines = append(lines, data)
		}
	}
	if len(lines) == 0 {
		t.Fatalf("%s holds no private key", file)
	}
	return lines
}

func readFile(t *testing.T, file string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
