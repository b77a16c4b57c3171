package main_test

import (
	"os/exec"
	"strings"
	"testing"
)

// A desk is where an operator works with what a run has kept.
type desk struct {
	*session
	use string // the commands that make the tools and the cluster known to a shell
}

// newDesk keeps a run with one of the project's policies, which may be changed.
func newDesk(t *testing.T, policy string) desk {
	t.Helper()
	s := keep(t, "--policy", policy)
	var use strings.Builder
	unlock := ""
	for line := range strings.Lines(s.text("stdout")) {
		switch {
		case strings.HasPrefix(line, "  export "):
			use.WriteString(line)
		case strings.HasPrefix(line, "  rm "):
			unlock = line
		}
	}
	use.WriteString("POLICIES=../policies/" + policy + " IMAGE=" + s.production + "/busybox\n")
	use.WriteString("digest() { oras resolve --plain-http $IMAGE:$1; }\n")
	use.WriteString(`template() { echo "{\"spec\": {\"template\": {\"spec\": ` +
		`{\"containers\": [{\"name\": \"$1\", \"image\": \"$2\"}]}}}}"; }` + "\n")
	d := desk{s, use.String()}
	const change = "kubectl delete configmap notation-ca --namespace kyverno --dry-run=server"
	if output, err := d.try(change); err == nil || !strings.Contains(output, "can't be taken off by the API") {
		t.Errorf("the policies aren't locked: %v\n%s", err, output)
	}
	d.do(unlock)
	d.await(change, true)
	return d
}

// try runs commands in a shell up to the first that fails.
func (d desk) try(commands string) (string, error) {
	output, err := exec.Command("sh", "-ec", d.use+commands).CombinedOutput()
	return strings.TrimSpace(string(output)), err
}

// do runs commands that must succeed, and returns what they print.
func (d desk) do(commands string) string {
	d.t.Helper()
	output, err := d.try(commands)
	if err != nil {
		d.t.Errorf("%s\n%s\n%v", commands, output, err)
	}
	return output
}

// mustRefuse runs commands that policies must refuse, and not for another
// reason.
func (d desk) mustRefuse(commands string) {
	d.t.Helper()
	output, err := d.try(commands)
	if err == nil {
		d.t.Errorf("%s\nis admitted:\n%s", commands, output)
	} else if !strings.Contains(output, " denied the request: ") && !strings.Contains(output, "' denied request: ") {
		d.t.Errorf("%s\nfails for another reason:\n%s", commands, output)
	}
}

// pod is a dry run that creates a pod of one image.
func pod(image string) string {
	return `kubectl create --dry-run=server -o jsonpath='{.spec.containers[0].image}' -f - <<END
apiVersion: v1
kind: Pod
metadata: {name: probe}
spec: {containers: [{name: main, image: "` + image + `"}]}
END
`
}

// await tries commands until they do what they must: nothing tells when the API
// server has heard of a policy.
func (d desk) await(commands string, succeeds bool) {
	d.t.Helper()
	for {
		output, err := d.try(commands)
		if (err == nil) == succeeds {
			return
		}
		select {
		case <-d.t.Context().Done():
			d.t.Fatalf("%s\n%s\n%v", commands, output, err)
		case <-d.silent:
			d.t.Fatalf("e2e has ended while waiting for\n%s\n%s\n%v", commands, output, err)
		default:
		}
	}
}
