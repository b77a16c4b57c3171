package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"container-signing/e2e/internal/chain"
	"container-signing/e2e/internal/process"
	"container-signing/e2e/internal/registry"
)

// A stage is what parts of the chain find set up: two registries, and a
// notation that has the plugin.
type stage struct {
	t              *testing.T
	dir            string
	processes      *process.Group
	ci, production string
	env            []string // of the parts
	notation       chain.Notation
	oras           chain.ORAS
	sessions       *[]*session // all parts that have been run
	demonstration  ownIdentity // who signs what the cluster is to admit
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{t: t, dir: shortTempDir(t), ci: freeAddress(t), production: freeAddress(t), sessions: new([]*session)}
	var err error
	if s.processes, err = process.NewGroup(t.Context(), s.in("logs"), nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.processes.Close)
	for name, address := range map[string]string{"ci": s.ci, "production": s.production} {
		if err := registry.Start(t.Context(), s.processes, programs["registry"], name, address, s.in(name)); err != nil {
			t.Fatal(err)
		}
	}
	s.oras = chain.ORAS{Tool: process.Tool{Path: programs["oras"], Inherits: process.OfUserWithCredentials}}
	s.notation = chain.NewNotation(process.Tool{Path: programs["notation"], Inherits: process.OfUserWithCredentials}, s.in("config"))
	plugin, err := buildPlugin()
	if err == nil {
		err = s.notation.InstallPlugin(t.Context(), plugin)
	}
	if err != nil {
		t.Fatal(err)
	}
	s.env = []string{"XDG_CONFIG_HOME=" + s.in("config"), "DOCKER_CONFIG=" + s.in("docker")}
	return s
}

// buildPlugin builds the plugin beside e2e.
var buildPlugin = sync.OnceValues(func() (string, error) {
	plugin := filepath.Join(filepath.Dir(program), "notation-external-signer")
	output, err := exec.Command("go", "build", "-o", plugin, "../plugin").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the plugin: %w\n%s", err, output)
	}
	return plugin, nil
})

// on returns the stage for a test inside the test.
func (s *stage) on(t *testing.T) *stage {
	inner := *s
	inner.t = t
	return &inner
}

// in names a file of the stage.
func (s *stage) in(name string) string { return filepath.Join(s.dir, name) }

// part prepares a part, with the environment of the stage and more.
func (s *stage) part(args []string, env ...string) *session {
	part := newPart(s.t, args...)
	part.env = append(append(part.env, s.env...), env...)
	*s.sessions = append(*s.sessions, part)
	return part
}

// do runs a part that has to succeed, and returns it.
func (s *stage) do(args ...string) *session {
	s.t.Helper()
	return s.succeed(s.part(args))
}

func (s *stage) succeed(part *session) *session {
	s.t.Helper()
	return s.succeeded(part.start())
}

// succeeded waits for a part that was started and has to succeed.
func (s *stage) succeeded(part *session) *session {
	s.t.Helper()
	if status := part.wait(); status != 0 {
		s.t.Fatalf("exit status %d, not 0", status)
	}
	if text := part.text("stderr"); text != "" {
		s.t.Errorf("standard error isn't empty: %s", text)
	}
	return part
}

// fail runs a part that has to fail with one error that contains all words.
func (s *stage) fail(part *session, words ...string) {
	s.t.Helper()
	if status := part.start().wait(); status != 1 {
		s.t.Errorf("exit status %d, not 1", status)
	}
	part.checkError(words...)
}

// newPart prepares a run of e2e with these arguments alone.
func newPart(t *testing.T, args ...string) *session {
	t.Helper()
	return &session{
		t: t, tmp: shortTempDir(t), args: args, cmd: exec.Command(program, args...),
		lines:  make(chan string, 100_000),
		output: map[string]*strings.Builder{"stdout": {}, "stderr": {}},
	}
}

// signing prepares `e2e sign` with the key of an identity.
func (s *stage) signing(identity ownIdentity, args ...string) *session {
	return s.part(append([]string{"sign", "--signer", "../scripts/openssl.sh", "--certificate-chain", identity.chain}, args...),
		"EXTERNAL_PRIVATE_KEY="+identity.key)
}

// push pushes the demonstration's images to CI.
func (s *stage) push() (state string) {
	s.t.Helper()
	state = s.in("state.json")
	s.do("push", "--ci-registry", s.ci, "--state", state)
	return state
}

// busybox names one of these images.
func busybox(registry, role string) string {
	return strings.TrimSuffix(registry+"/busybox:u-root-"+role, "-")
}

// signatures returns the digests of an image's signatures.
func (s *stage) signatures(reference string) []string {
	s.t.Helper()
	digests, err := s.oras.Signatures(s.t.Context(), reference)
	if err != nil {
		s.t.Fatal(err)
	}
	return digests
}

// A signedImage is what `sign` and `copy` write about an image.
type signedImage struct {
	Reference  string   `json:"reference"`
	Digest     string   `json:"digest"`
	Signatures []string `json:"signatures"`
}

// readJSON reads a file that a part has written.
func readJSON[T any](t *testing.T, path string) T {
	t.Helper()
	var value T
	content, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(content, &value)
	}
	if err != nil {
		t.Fatal(err)
	}
	return value
}
