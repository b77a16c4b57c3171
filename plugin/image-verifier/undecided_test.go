package main_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const someDigest = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// statusWith asks with a standard output of the caller's.
func (n node) statusWith(t *testing.T, stdout *os.File, name, digest string) int {
	t.Helper()
	cmd := exec.Command(verifier, arguments(name, digest)...)
	cmd.Env = []string{"NOTATION_CONFIG=" + n.config}
	cmd.Stdin, cmd.Stdout = bytes.NewReader(descriptorOf(t, digest)), stdout
	var exit *exec.ExitError
	if err := cmd.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode()
}

// silence listens and takes what comes, but never answers.
func silence(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	return listener.Addr().String()
}

func TestRegistryThatIsGone(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	newNode(t, address).ask(t, address+"/app:v1", someDigest).
		mustBe(t, undecided, "asking the registry", "connection refused")
}

func TestRegistryThatHangs(t *testing.T) {
	address := silence(t)
	newNode(t, address).ask(t, address+"/app:v1", someDigest, "NOTATION_VERIFIER_TIMEOUT=200ms").
		mustBe(t, undecided, "given up after 200ms; hint: set NOTATION_VERIFIER_TIMEOUT", "per_verifier_timeout")
}

func TestRegistryThatFails(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "\x1b[31mtwo\nlines", http.StatusInternalServerError)
	}))
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	newNode(t, address).ask(t, address+"/app:v1", someDigest).
		mustBe(t, undecided, "asking the registry for the image", "500")
}

// A registry that speaks plain HTTP isn't believed unless config.json says so.
func TestPlainHTTPIsNotAssumed(t *testing.T) {
	registry := startRegistry(t)
	n := newNode(t, registry)
	digest := n.push(t, registry+"/app:v1")
	n.sign(t, registry+"/app@"+digest)
	n.remove(t, "config.json")
	n.ask(t, registry+"/app:v1", digest).mustBe(t, undecided, "HTTP response to HTTPS client")
}

// A name isn't a reason to speak plain HTTP: notation makes an exception of
// localhost, and whoever names an image could choose it.
func TestPlainHTTPIsNotAssumedOfLocalhost(t *testing.T) {
	registry := startRegistry(t)
	n := newNode(t, registry)
	digest := n.push(t, registry+"/app:v1")
	n.sign(t, registry+"/app@"+digest)
	_, port, err := net.SplitHostPort(registry)
	if err != nil {
		t.Fatal(err)
	}
	named := "localhost:" + port
	n.ask(t, named+"/app:v1", digest).mustBe(t, undecided, "HTTP response to HTTPS client")
	n.write(t, "config/config.json", `{"insecureRegistries": ["`+named+`"]}`)
	n.ask(t, named+"/app:v1", digest).mustBe(t, accepted)
}

func TestImageThatIsNotThere(t *testing.T) {
	registry := startRegistry(t)
	newNode(t, registry).ask(t, registry+"/app:v1", someDigest).
		mustBe(t, undecided, "asking the registry for the image", "not found")
}

func TestTrustThatCannotBeRead(t *testing.T) {
	address := silence(t) // nobody is asked
	remove := func(name string) func(*testing.T, node) {
		return func(t *testing.T, n node) { n.remove(t, name) }
	}
	write := func(name, content string) func(*testing.T, node) {
		return func(t *testing.T, n node) { n.write(t, "config/"+name, content) }
	}
	const root = "truststore/x509/ca/test/root.pem"
	tests := map[string]struct {
		harm  func(t *testing.T, n node)
		words string
	}{
		"no configuration":        {remove(""), "reading the trust policy"},
		"no trust policy":         {remove("trustpolicy.json"), "reading the trust policy"},
		"empty trust policy":      {write("trustpolicy.json", ""), "malformed trust policy"},
		"invalid trust policy":    {write("trustpolicy.json", `{"version": "1.0"}`), "reading the trust policy"},
		"no trust store":          {remove("truststore"), "; hint: add its certificates with notation cert add"},
		"empty trust store":       {remove(root), "no x509 certificates were found"},
		"garbage in trust store":  {write(root, "garbage"), "reading trust store"},
		"malformed configuration": {write("config.json", "{"), "reading config.json"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			n := newNode(t, address)
			test.harm(t, n)
			n.ask(t, address+"/app:v1", someDigest).mustBe(t, undecided, test.words)
		})
	}
}

func TestTrustStoreWithoutPermission(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may read everything")
	}
	n := newNode(t, silence(t))
	if err := os.Chmod(filepath.Join(n.config, "truststore/x509/ca/test/root.pem"), 0); err != nil {
		t.Fatal(err)
	}
	n.ask(t, silence(t)+"/app:v1", someDigest).mustBe(t, undecided, "permission denied")
}

func TestTimeoutThatIsNone(t *testing.T) {
	n := newNode(t, "127.0.0.1:1")
	for _, text := range []string{"soon", "0s", "-1s", "8"} {
		n.ask(t, "127.0.0.1:1/app:v1", someDigest, "NOTATION_VERIFIER_TIMEOUT="+text).
			mustBe(t, undecided, "positive duration", "; hint: write a number and a unit")
	}
}

func TestArgumentsThatAreNotContainerds(t *testing.T) {
	n := newNode(t, "127.0.0.1:1")
	const name, mediaType = "127.0.0.1:1/app:v1", "application/vnd.oci.descriptor.v1+json"
	const unknown = "unknown -stdin-media-type"
	tests := map[string]struct {
		args  []string
		words string
	}{
		"none":             {nil, "reading -name"},
		"unknown flag":     {[]string{"-force"}, "-force"},
		"a word too many":  {append(arguments(name, someDigest), "more"), `unknown argument "more"`},
		"no name":          {[]string{"-digest", someDigest, "-stdin-media-type", mediaType}, "reading -name"},
		"no registry":      {arguments("app", someDigest), "reading -name"},
		"path as name":     {arguments("../../etc/passwd", someDigest), "reading -name"},
		"no digest":        {[]string{"-name", name, "-stdin-media-type", mediaType}, "reading -digest"},
		"tag as digest":    {arguments(name, "v1"), "reading -digest"},
		"short digest":     {arguments(name, "sha256:e3b0"), "reading -digest"},
		"no media type":    {[]string{"-name", name, "-digest", someDigest}, unknown},
		"other media type": {append(arguments(name, someDigest), "-stdin-media-type", "text/plain"), unknown},
	}
	for test, want := range tests {
		t.Run(test, func(t *testing.T) {
			n.run(t, want.args, bytes.NewReader(descriptorOf(t, someDigest))).mustBe(t, undecided, want.words)
		})
	}
}

func TestHostileStandardInput(t *testing.T) {
	n := newNode(t, "127.0.0.1:1")
	descriptor := string(descriptorOf(t, someDigest))
	tests := map[string]struct{ stdin, words string }{
		"empty":           {"", "it is empty"},
		"white space":     {" \n", "it is empty"},
		"not JSON":        {"sha256", "reading the descriptor"},
		"binary":          {"\x00\xff\xfe", "reading the descriptor"},
		"cut off":         {descriptor[:20], "reading the descriptor"},
		"two descriptors": {descriptor + descriptor, "reading the descriptor"},
		"no digest":       {"{}", "the descriptor is that of"},
		"other digest":    {strings.ReplaceAll(descriptor, "e3b0", "0b3e"), "the descriptor is that of"},
		"wrong types":     {`{"digest": 1}`, "reading the descriptor"},
		"deep":            {strings.Repeat("[", 100_000), "reading the descriptor"},
		"huge":            {strings.Repeat(" ", 2<<20) + descriptor, "longer than"},
		"control codes":   {`{"digest": "\u001b[2J\nexit 0"}`, "the descriptor is that of"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			// A file, as the verifier needn't read all of it.
			path := filepath.Join(t.TempDir(), "stdin")
			if err := os.WriteFile(path, []byte(test.stdin), 0o600); err != nil {
				t.Fatal(err)
			}
			stdin, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer stdin.Close()
			n.run(t, arguments("127.0.0.1:1/app:v1", someDigest), stdin).mustBe(t, undecided, test.words)
		})
	}
}

func TestStandardInputThatNeverEnds(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	defer reader.Close()
	if _, err := io.WriteString(writer, `{"digest"`); err != nil {
		t.Fatal(err)
	}
	n, args := newNode(t, "127.0.0.1:1"), arguments("127.0.0.1:1/app:v1", someDigest)
	n.run(t, args, reader, "NOTATION_VERIFIER_TIMEOUT=200ms").mustBe(t, undecided, "given up after 200ms")
}
