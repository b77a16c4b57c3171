package main_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"container-signing/e2e/internal/notation"
	"container-signing/e2e/internal/process"
	"container-signing/e2e/internal/registry"
)

// A stage is what commands of the chain find set up: two registries, and a
// notation that has the plugin.
type stage struct {
	t              *testing.T
	dir            string
	processes      *process.Group
	ci, production string
	env            []string // of the commands
	notation       notation.CLI
	sessions       *[]*session // all commands that have been run
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
		if err := registry.Start(t.Context(), s.processes, programs["registry"], name, address,
			s.in(name)); err != nil {
			t.Fatal(err)
		}
	}
	s.notation = notation.ConfiguredIn(process.Tool{Path: programs["notation"]}, s.in("config/notation"))
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

// command prepares a command, with the environment of the stage and more.
func (s *stage) command(args []string, env ...string) *session {
	command := newCommand(s.t, args...)
	command.env = append(append(command.env, s.env...), env...)
	*s.sessions = append(*s.sessions, command)
	return command
}

// do runs a command that has to succeed, and returns it.
func (s *stage) do(args ...string) *session {
	s.t.Helper()
	return s.succeed(s.command(args))
}

func (s *stage) succeed(command *session) *session {
	s.t.Helper()
	return s.succeeded(command.start())
}

// succeeded waits for a command that was started and has to succeed.
func (s *stage) succeeded(command *session) *session {
	s.t.Helper()
	if status := command.wait(); status != 0 {
		s.t.Fatalf("exit status %d, not 0", status)
	}
	if text := command.text("stderr"); text != "" {
		s.t.Errorf("standard error isn't empty: %s", text)
	}
	return command
}

// fail runs a command that has to fail with one error that contains all words.
func (s *stage) fail(command *session, words ...string) {
	s.t.Helper()
	if status := command.start().wait(); status != 1 {
		s.t.Errorf("exit status %d, not 1", status)
	}
	command.checkError(words...)
}

// newCommand prepares a run of e2e with these arguments alone.
func newCommand(t *testing.T, args ...string) *session {
	t.Helper()
	return &session{
		t: t, tmp: shortTempDir(t), args: args, cmd: exec.Command(program, args...),
		lines:  make(chan string, 100_000),
		output: map[string]*strings.Builder{"stdout": {}, "stderr": {}},
	}
}

// signing prepares `e2e sign` with the key of an identity.
func (s *stage) signing(identity ownIdentity, args ...string) *session {
	return s.command(append([]string{"sign", "--signer", "../scripts/openssl.sh",
		"--certificate-chain", identity.chain}, args...),
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

// signatures returns the digests of an image's signatures, as the oras CLI
// finds them in a registry that speaks plain HTTP.
func (s *stage) signatures(image string, env ...string) []string {
	s.t.Helper()
	oras := process.Tool{Path: programs["oras"], Env: append([]string{"DOCKER_CONFIG=" + s.in("docker")}, env...)}
	output, err := oras.Run(s.t.Context(), "discover", "--plain-http", "--format", "json",
		"--artifact-type", "application/vnd.cncf.notary.signature", image)
	var discovered struct{ Referrers []struct{ Digest string } }
	if err == nil {
		err = json.Unmarshal([]byte(output), &discovered)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	var digests []string
	for _, referrer := range discovered.Referrers {
		digests = append(digests, referrer.Digest)
	}
	slices.Sort(digests)
	return digests
}

// A signedImage is what `sign` and `copy` write about an image.
type signedImage struct {
	Reference  string   `json:"reference"`
	Digest     string   `json:"digest"`
	Signatures []string `json:"signatures"`
}

// readJSON reads a file that a command has written.
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
