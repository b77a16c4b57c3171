package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dagger/container-signing/internal/reference"
	"dagger/container-signing/internal/route"
)

func image(t *testing.T, text string) reference.Image {
	t.Helper()
	image, err := reference.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// signing is one with all that it can have.
func signing(t *testing.T) Signing {
	return Signing{
		Signer: "/run/signer", CertificateChain: "/run/chain", KeyID: "release", Timeout: "60s", Envelope: "jws",
		Conceal: slices.Concat(ConcealFile("/run/secrets/key"), ConcealVariable("TOKEN")), Insecure: []string{"--plain-http"},
		Images: []reference.Image{image(t, "localhost:5002/a"), image(t, "localhost:5002/b:1")}, Parallel: 4, Output: "/tmp/signed.json",
	}
}

// commands are the command lines with all that they can have.
func commands(t *testing.T) map[string][]string {
	return map[string][]string{
		"e2e credentials --output /run/credentials --server https://cluster:6443":         Credentials("/run/credentials", "https://cluster:6443"),
		"e2e certificates --output /run/identity --name demonstration":                    Certificates("/run/identity", "demonstration"),
		"e2e certificates --output /run/identity --certificate-chain /run/chain --ca /ca": Authorities("/run/identity", "/run/chain", "/ca"),
		"e2e trust --ca /run/ca --trust-store mine --trust-policy /run/policy":            Trust("/run/ca", "mine", "/run/policy"),
		"e2e sign -v --output /tmp/signed.json --parallel 4 --signer /run/signer --certificate-chain /run/chain --key-id release " +
			"--signer-timeout 60s --signature-format jws --conceal-file /run/secrets/key --conceal-env TOKEN --plain-http " +
			"--image localhost:5002/a:latest --image localhost:5002/b:1": signing(t).Command(),
		"e2e push -v --ci-registry ci:5000 --state /tmp/state --image /app:1 --own-signer":                        Push("/tmp/state", "ci:5000", "/app:1", true),
		"e2e promote -v --ca /run/ca --state /tmp/state --ci-registry ci:5000 --production-registry production:1": Promote("/tmp/state", "/run/ca", "ci:5000", "production:1"),
		"oras cp --no-tty --from-plain-http localhost:5012/a:1 --to-oci-layout /app:1":                            Fetch(image(t, "localhost:5012/a:1"), []string{"--from-plain-http"}, "/app:1"),
		"e2e copy -v --output /tmp/copied --from-plain-http --to-plain-http --from a:1/b --to c:1/d":              Copy("a:1/b", "c:1/d", "/tmp/copied", "--from-plain-http", "--to-plain-http"),
		"notation verify --insecure-registry localhost:5002/a:latest":                                             Notation("verify", image(t, "localhost:5002/a"), []string{"--insecure-registry"}),
		"e2e cluster --credentials /run/credentials --listen 0.0.0.0:6443 --host cluster --node on --registry 127.0.0.1:5001 " +
			"--image-verifier /verifier --trust /trust --readyz 0.0.0.0:6444 --lead 127.0.0.1:5001=registry:5000": Cluster{
			Credentials: "/run/credentials", Listen: "0.0.0.0:6443", Host: "cluster", Ready: "0.0.0.0:6444",
			Lead: []string{"--lead", "127.0.0.1:5001=registry:5000"}, Node: &Node{Registry: "127.0.0.1:5001", Verifier: "/verifier", Trust: "/trust"},
		}.Command(),
		"e2e judge --report /run/report --kubeconfig /run/kubeconfig --ca /run/ca --server https://kubernetes:6443 " +
			"--workloads /run/workloads --policies /run/policies": Judge{
			Kubeconfig: "/run/kubeconfig", CA: "/run/ca", Report: "/run/report", Server: "https://kubernetes:6443",
			Workloads: "/run/workloads", Policies: "/run/policies",
		}.Command(),
		"e2e judge --report /run/report --kubeconfig /run/kubeconfig --ca /run/ca --await http://cluster:6444/readyz --state /tmp/state " +
			"--production-registry 127.0.0.1:5001 --policy clusterpolicy --runs --bypass": Judge{
			Kubeconfig: "/run/kubeconfig", CA: "/run/ca", Report: "/run/report", Await: "http://cluster:6444/readyz",
			Run: &Run{State: "/tmp/state", Production: "127.0.0.1:5001", Policy: "clusterpolicy", Node: true},
		}.Command(),
		"e2e forward --lead 127.0.0.1:5002=registry:5000 -- notation": route.Forward([]string{"--lead", "127.0.0.1:5002=registry:5000"}, []string{"notation"}),
	}
}

func TestCommands(t *testing.T) {
	for want, command := range commands(t) {
		if got := strings.Join(command, " "); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestOptional makes sure that what isn't asked for isn't in a command.
func TestOptional(t *testing.T) {
	for want, command := range map[string][]string{
		"e2e certificates --output /run/identity --certificate-chain /run/chain": Authorities("/run/identity", "/run/chain", ""),
		"e2e trust --ca /run/ca":                                                          Trust("/run/ca", "", ""),
		"e2e push -v --ci-registry ci:5000 --state /tmp/state":                            Push("/tmp/state", "ci:5000", "", false),
		"oras cp --no-tty docker.io/library/busybox:latest --to-oci-layout /app:1":        Fetch(image(t, "busybox"), nil, "/app:1"),
		"e2e copy -v --output /tmp/copied --from a:1/b --to c:1/d":                        Copy("a:1/b", "c:1/d", "/tmp/copied"),
		"notation inspect localhost:5002/a:latest":                                        Notation("inspect", image(t, "localhost:5002/a"), nil),
		"e2e cluster --credentials /run/credentials --listen 0.0.0.0:6443 --host cluster": Cluster{Credentials: "/run/credentials", Listen: "0.0.0.0:6443", Host: "cluster"}.Command(),
		"e2e judge --report /run/report --kubeconfig /run/kubeconfig --ca /run/ca":        Judge{Kubeconfig: "/run/kubeconfig", CA: "/run/ca", Report: "/run/report"}.Command(),
	} {
		if got := strings.Join(command, " "); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestFlagsExist asks the program e2e itself whether it knows the flags that it
// is called with.
func TestFlagsExist(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program e2e")
	}
	program := filepath.Join(t.TempDir(), "e2e")
	build := exec.Command("go", "build", "-o", program, "./e2e")
	build.Dir, build.Env = "../../..", append(os.Environ(), "GOWORK=off")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building e2e: %v\n%s", err, output)
	}
	checked := 0
	for _, command := range commands(t) {
		if command[0] != "e2e" {
			continue
		}
		help := exec.Command(program, command[1], "--help")
		help.Dir = "../../.."
		output, err := help.CombinedOutput()
		if err != nil {
			t.Errorf("e2e %s --help: %v\n%s", command[1], err, output)
		}
		for _, word := range command[2:] {
			if word == "--" {
				break
			}
			if !strings.HasPrefix(word, "-") {
				continue
			}
			checked++
			if !regexp.MustCompile(`(?m)(^|[\s,])-?` + regexp.QuoteMeta(word) + `\b`).Match(output) {
				t.Errorf("e2e %s has no flag %s: its help is\n%s", command[1], word, output)
			}
		}
	}
	if checked < 30 {
		t.Errorf("only %d flags were looked at", checked)
	}
}
