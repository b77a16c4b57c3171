package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"container-signing/internal/pki/pkitest"
	"container-signing/internal/testenv"
	"container-signing/plugin/internal/registrytest"
	"container-signing/tools"
)

var verifier string // the binary under test

var builtTools = sync.OnceValues(func() (tools.Programs, error) {
	return tools.Build(context.Background(), os.Stderr, "notation", "oras", "registry", "busybox")
})

// buildTools returns the real notation, oras and registry, and the demonstration
// image. It skips the test in short mode, for which nothing has been built.
func buildTools(t *testing.T) tools.Programs {
	t.Helper()
	if testing.Short() {
		t.Skip("needs notation, oras and a registry")
	}
	programs, err := builtTools()
	if err != nil {
		t.Fatal(err)
	}
	return programs
}

func TestMain(m *testing.M) {
	status, err := testMain(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

func testMain(m *testing.M) (status int, err error) {
	if err := testenv.Clear(); err != nil {
		return 0, err
	}
	folder, err := os.MkdirTemp("", "image-verifier-test")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	verifier = filepath.Join(folder, "notation-image-verifier")
	build := exec.Command("go", "build", "-o", verifier, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("building the verifier: %w\n%s", err, output)
	}
	return m.Run(), nil
}

// A node is a machine with notation's configuration: a key to sign with, and
// trust in its root.
type node struct {
	folder, config string
	env            []string
}

// policyOf is a trust policy for a scope with a level of verification.
func policyOf(scope, level string) string {
	stores, identities := `["ca:test"]`, `["*"]`
	if level == "skip" {
		stores, identities = `[]`, `[]`
	}
	return fmt.Sprintf(`{"version": "1.0", "trustPolicies": [{"name": "test",
"registryScopes": [%q], "signatureVerification": {"level": %q},
"trustStores": %s, "trustedIdentities": %s}]}`, scope, level, stores, identities)
}

// newNode writes what notation's own commands write: TestInstallationOfTheREADME
// runs them.
func newNode(t *testing.T, registry string) node {
	t.Helper()
	n := node{folder: t.TempDir()}
	n.config = filepath.Join(n.folder, "config")
	n.env = append(os.Environ(), "NOTATION_CONFIG="+n.config, "NOTATION_CACHE="+filepath.Join(n.folder, "cache"),
		"NOTATION_LIBEXEC="+filepath.Join(n.folder, "libexec"))
	pkitest.WriteFiles(t, n.folder, "EC-256")
	root, err := os.ReadFile(filepath.Join(n.folder, "root.pem"))
	if err != nil {
		t.Fatal(err)
	}
	n.write(t, "config/truststore/x509/ca/test/root.pem", string(root))
	n.write(t, "config/trustpolicy.json", policyOf("*", "strict"))
	n.write(t, "config/config.json", fmt.Sprintf(`{"insecureRegistries": [%q]}`, registry))
	n.write(t, "config/signingkeys.json", fmt.Sprintf(
		`{"default": "test", "keys": [{"name": "test", "keyPath": %q, "certPath": %q}]}`,
		filepath.Join(n.folder, "leaf.key"), filepath.Join(n.folder, "chain.pem")))
	return n
}

func (n node) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(n.folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (n node) remove(t *testing.T, name string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(n.config, name)); err != nil {
		t.Fatal(err)
	}
}

func (n node) must(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(buildTools(t)[name], args...)
	cmd.Dir, cmd.Env = n.folder, n.env
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, output)
	}
	return string(output)
}

// push puts the demonstration image, an index, into a repository and returns
// its digest.
func (n node) push(t *testing.T, reference string) string {
	t.Helper()
	image := buildTools(t)["busybox"] + ":" + tools.BusyboxTag
	n.must(t, "oras", "cp", "--no-tty", "--to-plain-http", "--from-oci-layout", image, reference)
	return n.resolve(t, reference)
}

// pushOther puts another image than push does.
func (n node) pushOther(t *testing.T, reference string) string {
	t.Helper()
	n.write(t, "content", reference)
	n.must(t, "oras", "push", "--plain-http", reference, "content")
	return n.resolve(t, reference)
}

func (n node) resolve(t *testing.T, reference string, args ...string) string {
	t.Helper()
	return strings.TrimSpace(n.must(t, "oras", append([]string{"resolve", "--plain-http", reference}, args...)...))
}

func (n node) sign(t *testing.T, reference string) {
	t.Helper()
	n.must(t, "notation", "sign", "--insecure-registry", "--signature-format", "cose", reference)
}

// An answer is how the verifier ends and what it prints.
type answer struct {
	status int
	reason string
}

// ask asks as containerd does.
func (n node) ask(t *testing.T, name, digest string, env ...string) answer {
	t.Helper()
	return n.run(t, arguments(name, digest), bytes.NewReader(descriptorOf(t, digest)), env...)
}

func arguments(name, digest string) []string {
	return []string{"-name", name, "-digest", digest, "-stdin-media-type", "application/vnd.oci.descriptor.v1+json"}
}

func descriptorOf(t *testing.T, digest string) []byte {
	t.Helper()
	descriptor, err := json.Marshal(map[string]any{
		"mediaType": "application/vnd.oci.image.index.v1+json", "digest": digest, "size": 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	return descriptor
}

// run runs the verifier and checks what holds for every answer: one line on
// standard output, nothing on standard error.
func (n node) run(t *testing.T, args []string, stdin io.Reader, env ...string) answer {
	t.Helper()
	cmd := exec.Command(verifier, args...)
	cmd.Env = append([]string{"NOTATION_CONFIG=" + n.config}, env...)
	cmd.Stdin = stdin
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if strings.Count(stdout.String(), "\n") != 1 || !strings.HasSuffix(stdout.String(), "\n") || stdout.Len() > 1100 {
		t.Errorf("the reason isn't one short line: %q", stdout.String())
	}
	if stderr.Len() > 0 {
		t.Errorf("there is something on standard error: %q", stderr.String())
	}
	return answer{cmd.ProcessState.ExitCode(), strings.TrimSpace(stdout.String())}
}

// mustBe checks an answer.
func (a answer) mustBe(t *testing.T, status int, words ...string) {
	t.Helper()
	if a.status != status {
		t.Errorf("exit status %d, not %d: %s", a.status, status, a.reason)
	}
	for _, word := range words {
		if !strings.Contains(a.reason, word) {
			t.Errorf("the reason doesn't say %q: %s", word, a.reason)
		}
	}
}

const (
	accepted  = 0
	refused   = 1
	undecided = 2
)

func startRegistry(t *testing.T) string {
	t.Helper()
	return registrytest.Start(t, buildTools(t)["registry"])
}
