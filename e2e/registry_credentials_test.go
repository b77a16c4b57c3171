package main_test

import (
	"encoding/base64"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"container-signing/e2e/internal/process"
)

const (
	registryUser     = "pipeline"
	registryPassword = "correct horse"
	// registryUsers is what `htpasswd -nbB` makes of them.
	registryUsers = "pipeline:$2a$05$xv4K5HW1gLa751m9kQ2nBuhVZudVTcsP6lL6dKWNlj4E1em86Vw1a\n"
)

const lockedConfiguration = `version: 0.1
storage: {filesystem: {rootdirectory: %q}}
auth: {htpasswd: {realm: tests, path: %q}}
http: {addr: %q}
`

// lockedRegistry starts a registry that wants credentials.
func (s *stage) lockedRegistry() string {
	s.t.Helper()
	address := freeAddress(s.t)
	s.startRegistry("locked", fmt.Sprintf(lockedConfiguration, s.in("locked/content"), s.in("locked/users"), address))
	return address
}

// startRegistry starts a registry with a configuration of its own, and with
// those users in a file beside it.
func (s *stage) startRegistry(name, configuration string) {
	s.t.Helper()
	in := func(file string) string { return s.in(filepath.Join(name, file)) }
	writeFile(s.t, in("users"), registryUsers)
	writeFile(s.t, in("config.yaml"), configuration)
	started, err := s.processes.Start(process.Command{
		Name: "registry-" + name, Path: programs["registry"], Args: []string{"serve", in("config.yaml")},
		Env: []string{"OTEL_TRACES_EXPORTER=none"}, ReadyLine: regexp.MustCompile(`listening on `),
	})
	if err == nil {
		err = started.WaitReady(s.t.Context())
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// login writes docker's configuration with credentials for a registry.
func (s *stage) login(address, password string) (folder string) {
	folder = s.in("docker-" + password)
	auth := base64.StdEncoding.EncodeToString([]byte(registryUser + ":" + password))
	writeFile(s.t, filepath.Join(folder, "config.json"), fmt.Sprintf(`{"auths": {%q: {"auth": %q}}}`, address, auth))
	return folder
}

// TestRegistryCredentials signs in and copies to a registry that wants
// credentials, which docker's configuration has.
func TestRegistryCredentials(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.push()
	own, locked := newIdentity(t, s.dir, "EC-256"), s.lockedRegistry()
	from, to := busybox(s.ci, ""), locked+"/app:1"
	s.succeed(s.signing(own, "--image", from))
	copying := []string{"copy", "--from", from, "--to", to}
	known, mistyped := "DOCKER_CONFIG="+s.login(locked, registryPassword), "DOCKER_CONFIG="+s.login(locked,
		"wrong horse")

	signing := func(env ...string) *session {
		command := s.signing(own, "--image", to)
		command.env = append(command.env, env...)
		return command
	}

	s.fail(s.command(copying), ` to "`+to+`"`, "basic credential not found", s.in("docker/config.json"))
	s.fail(s.command(copying, mistyped), ` to "`+to+`"`, "401: Unauthorized")
	s.succeed(s.command(copying, known))
	s.fail(signing(), `resolving image "`+to+`"`, "basic credential not found", s.in("docker/config.json"))
	s.fail(signing(mistyped), `resolving image "`+to+`"`, "401: Unauthorized")
	s.succeed(signing(known))
	for _, command := range *s.sessions {
		if strings.Contains(command.text("stdout")+command.text("stderr"), registryPassword) {
			t.Errorf("the password is in the output of %s", command.args)
		}
	}
	if present := len(s.signatures(to, known)); present != 2 {
		t.Errorf("the image has %d signatures, not the one that was copied and the one that was made", present)
	}
}
