package main_test

import (
	"fmt"
	"net"
	"slices"
	"testing"

	"container-signing/internal/pki"
)

const tlsConfiguration = `version: 0.1
storage: {filesystem: {rootdirectory: %q}}
auth: {htpasswd: {realm: tests, path: %q}}
http: {addr: %q, tls: {certificate: %q, key: %q}}
`

// tlsRegistry starts a registry that speaks TLS and wants credentials, and
// returns its address and the file with the CA that vouches for it.
func (s *stage) tlsRegistry() (address, ca string) {
	s.t.Helper()
	host := hostAddress(s.t)
	authority, err := pki.NewAuthority("registries", "EC-256")
	if err != nil {
		s.t.Fatal(err)
	}
	server, err := authority.NewServer("registry", host)
	if err != nil {
		s.t.Fatal(err)
	}
	key, err := server.KeyPEM()
	if err != nil {
		s.t.Fatal(err)
	}
	ca, certificate, keyFile := s.in("tls/ca.crt"), s.in("tls/server.crt"), s.in("tls/server.key")
	writeFile(s.t, ca, string(authority.PEM()))
	writeFile(s.t, certificate, string(server.PEM()))
	writeFile(s.t, keyFile, string(key))
	address = freeAddressOf(s.t, host)
	s.startRegistry("tls",
		fmt.Sprintf(tlsConfiguration, s.in("tls/content"), s.in("tls/users"), address, certificate, keyFile))
	return address, ca
}

// hostAddress returns an address of this machine that isn't loopback's: with
// that one notation and oras don't speak TLS.
func hostAddress(t *testing.T) string {
	t.Helper()
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range addresses {
		if network, ok := address.(*net.IPNet); ok && network.IP.To4() != nil && network.IP.IsGlobalUnicast() {
			return network.IP.String()
		}
	}
	t.Skip("this machine has no address but loopback's")
	return ""
}

// TestRegistryTLS copies to, signs in and copies out of a registry that speaks TLS
// and wants credentials.
func TestRegistryTLS(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.push()
	own := newIdentity(t, s.dir, "EC-256")
	registry, ca := s.tlsRegistry()
	from, in, back := busybox(s.ci, ""), registry+"/app:1", s.production+"/app:1"
	known := "DOCKER_CONFIG=" + s.login(registry, registryPassword)
	trusted := []string{known, "SSL_CERT_FILE=" + ca}
	signing := func(args []string, env ...string) *session {
		command := s.signing(own, append([]string{"--image", in}, args...)...)
		command.env = append(command.env, env...)
		return command
	}

	s.succeed(s.signing(own, "--image", from))
	s.fail(s.command([]string{"copy", "--from", from, "--to", in}, known), ` to "`+in+`"`,
		"certificate signed by unknown authority")
	s.succeed(s.command([]string{"copy", "--from", from, "--to", in}, trusted...))
	s.fail(signing(nil, known), `resolving image "`+in+`"`, "certificate signed by unknown authority")
	s.fail(signing([]string{"--plain-http"}, trusted...), `resolving image "`+in+`"`, "400: Bad Request")
	s.succeed(signing([]string{"--output", s.in("signed.json")}, trusted...))
	s.succeed(s.command([]string{"copy", "--from", in, "--to", back}, trusted...))

	signed := readJSON[[]signedImage](t, s.in("signed.json"))
	if len(signed) != 1 || len(signed[0].Signatures) != 1 {
		t.Fatalf("what was signed: %+v", signed)
	}
	if present := s.signatures(back); len(present) != 2 || !slices.Contains(present, signed[0].Signatures[0]) {
		t.Errorf("the copy out of that registry has the signatures %v: not the one of CI and %v", present,
			signed[0].Signatures)
	}
}
