package docs_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"container-signing/tools"
)

// A stage is what a reader of the documentation has at hand: a copy of the
// project, the tools in PATH, and registries and a cluster that a run of e2e
// keeps.
type stage struct {
	t      *testing.T
	folder string // the copy
	bin    string // a folder in PATH
	env    []string
	said   string            // what the run has printed
	ci     string            // the CI registry, localhost:PORT
	signed string            // the signed image there, by digest
	images map[string]string // those in production, by the names that workloads use
}

// newStage makes a stage that ends with the test.
func newStage(t *testing.T) *stage {
	t.Helper()
	if testing.Short() {
		t.Skip("it needs the tools, and runs the whole chain")
	}
	programs, err := tools.Build(context.Background(), os.Stderr, tools.Chain()...)
	if err != nil {
		t.Fatal(err)
	}
	s := &stage{t: t, folder: filepath.Join(t.TempDir(), "clone"), bin: t.TempDir()}
	s.clone()
	folders := []string{s.bin}
	for _, name := range slices.Sorted(maps.Keys(programs)) {
		if folder := filepath.Dir(programs[name]); !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	// notation's and docker's configuration are this test's own.
	home := t.TempDir()
	s.env = append(os.Environ(), "PATH="+strings.Join(append(folders, os.Getenv("PATH")), string(os.PathListSeparator)),
		"XDG_CONFIG_HOME="+home, "DOCKER_CONFIG="+home, "NOTATION_CONFIG=", "NOTATION_LIBEXEC=", "NOTATION_CACHE="+home)
	s.keep()
	return s
}

// clone copies the project, as a reader has it, so that what the commands write
// isn't written here.
func (s *stage) clone() {
	s.t.Helper()
	for _, name := range []string{"e2e", "internal", "plugin", "policies", "scripts", "tools"} {
		if err := os.CopyFS(filepath.Join(s.folder, name), os.DirFS(filepath.Join(root, name))); err != nil {
			s.t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			s.t.Fatal(err)
		}
		s.write(name, content)
	}
}

// keep runs the chain and leaves it running until the test ends.
func (s *stage) keep() {
	s.t.Helper()
	report := s.t.TempDir()
	production := freeAddress(s.t)
	ci := freeAddress(s.t)
	run := exec.Command(program, "--keep", "--node", "off", "--report", report,
		"--ci-registry", ci, "--production-registry", production)
	run.Dir, run.Env, run.Stderr = s.folder, s.env, os.Stderr
	stdout, err := run.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		s.t.Fatal(err)
	}
	var said strings.Builder
	s.t.Cleanup(func() {
		if err := run.Process.Signal(syscall.SIGINT); err != nil {
			s.t.Error(err)
		}
		if err := run.Wait(); err != nil {
			s.t.Errorf("the run that was kept: %v\n%s", err, said.String())
		}
	})
	for lines := bufio.NewScanner(stdout); ; {
		if !lines.Scan() {
			s.t.Fatalf("the run has ended:\n%s", said.String())
		}
		line := lines.Text()
		said.WriteString(line + "\n")
		if kubeconfig := regexp.MustCompile(`KUBECONFIG=\S+`).FindString(line); kubeconfig != "" {
			s.env = append(s.env, kubeconfig)
		}
		if strings.Contains(line, "Ctrl-C ends everything") {
			break
		}
	}
	s.said = said.String()
	s.ci = strings.Replace(ci, "127.0.0.1", "localhost", 1)
	s.readImages(filepath.Join(report, "report.json"))
}

// readImages reads what the run has pushed to production.
func (s *stage) readImages(report string) {
	s.t.Helper()
	content, err := os.ReadFile(report)
	if err != nil {
		s.t.Fatal(err)
	}
	var saved struct {
		Images []struct{ Name, Reference, Digest string }
	}
	if err := json.Unmarshal(content, &saved); err != nil {
		s.t.Fatal(err)
	}
	s.images = map[string]string{}
	for _, image := range saved.Images {
		s.images[image.Name] = image.Reference
		if image.Name == "signed" {
			repository, _, _ := strings.Cut(image.Reference, "/")
			name, _, _ := strings.Cut(strings.TrimPrefix(image.Reference, repository+"/"), ":")
			s.signed = s.ci + "/" + name + "@" + image.Digest
		}
	}
}

// write writes a file of the copy.
func (s *stage) write(name string, content []byte) {
	s.t.Helper()
	if err := os.WriteFile(filepath.Join(s.folder, name), content, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// try runs commands in the copy, as a person types them into a shell.
func (s *stage) try(commands string) (string, error) {
	shell := exec.CommandContext(s.t.Context(), "sh", "-ec", commands)
	shell.Dir, shell.Env = s.folder, s.env
	output, err := shell.CombinedOutput()
	return string(output), err
}

// run runs commands that must succeed, and returns what they print.
func (s *stage) run(commands string) string {
	s.t.Helper()
	output, err := s.try(commands)
	if err != nil {
		s.t.Fatalf("%s\n%v\n%s", commands, err, output)
	}
	return output
}

// elsewhere puts places of this stage for those of the documentation: images,
// and the addresses of a run, which has no node.
func (s *stage) elsewhere(commands string, more ...string) string {
	s.t.Helper()
	run := fmt.Sprintf("%s --node off --ci-registry %s --production-registry %s",
		program, freeAddress(s.t), freeAddress(s.t))
	pairs := append([]string{"registry.example.com/app@sha256:…", s.signed, "go run ./e2e", run}, more...)
	for i := 0; i < len(more); i += 2 {
		if !strings.Contains(commands, more[i]) {
			s.t.Fatalf("no command names %s:\n%s", more[i], commands)
		}
	}
	return strings.NewReplacer(pairs...).Replace(commands)
}

// freeAddress returns an address of loopback on which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
