package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"container-signing/internal/page"
)

// installation returns the commands of the documentation that install the
// verifier.
func installation(t *testing.T) string {
	t.Helper()
	lock, err := page.Read("../../docs/second-lock.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := lock.Commands("Install it")
	if !strings.Contains(commands, "notation policy import") {
		t.Fatalf("%s doesn't say how to install it: %q", lock.Path, commands)
	}
	return commands
}

// TestInstallation follows the documentation, in another place than the
// machine's own /etc and /opt, and asks what it has installed.
func TestInstallation(t *testing.T) {
	registry := startRegistry(t)
	n := newNode(t, registry)
	digest := n.push(t, registry+"/app:v1")
	root := t.TempDir()
	n.write(t, "trustpolicy.json", strings.ReplaceAll(policyOf("*", "strict"), "ca:test", "ca:production"))
	ca, err := os.ReadFile(filepath.Join(n.folder, "root.pem"))
	if err != nil {
		t.Fatal(err)
	}
	n.write(t, "ca.crt", string(ca))
	commands := strings.NewReplacer(
		"/opt/", root+"/opt/", "/etc/", root+"/etc/",
		" ca.crt", " "+filepath.Join(n.folder, "ca.crt"),
		" trustpolicy.json", " "+filepath.Join(n.folder, "trustpolicy.json"),
	).Replace(installation(t))
	install := exec.Command("sh", "-ec", commands)
	install.Dir = "../.."
	bin := filepath.Dir(buildTools(t)["notation"])
	install.Env = append(os.Environ(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	if output, err := install.CombinedOutput(); err != nil {
		t.Fatalf("%s\n%v\n%s", commands, err, output)
	}
	installed := filepath.Join(root, "opt/containerd/image-verifier/bin")
	if entries, err := os.ReadDir(installed); err != nil || len(entries) != 1 {
		t.Fatalf("containerd finds the verifiers %v (%v)", entries, err)
	}
	defer func(before string) { verifier = before }(verifier)
	verifier = filepath.Join(installed, "notation-image-verifier")
	trusted := node{folder: n.folder, config: filepath.Join(root, "etc/containerd/notation")}
	trusted.ask(t, registry+"/app:v1", digest).mustBe(t, undecided, "HTTP response to HTTPS client")
	plain := []byte(`{"insecureRegistries": ["` + registry + `"]}`)
	if err := os.WriteFile(filepath.Join(trusted.config, "config.json"), plain, 0o600); err != nil {
		t.Fatal(err)
	}
	trusted.ask(t, registry+"/app:v1", digest).mustBe(t, refused, "no Notation signature on")
	n.sign(t, registry+"/app@"+digest)
	trusted.ask(t, registry+"/app:v1", digest).mustBe(t, accepted)
}
