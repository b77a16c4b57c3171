package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"container-signing/internal/keyspec"
	"container-signing/internal/pki/pkitest"
	"container-signing/plugin/internal/registrytest"
	"container-signing/tools"
)

// world is a user of the real notation: an image in a registry, the plugin
// installed, a key, and trust in its root.
type world struct {
	folder, image string
	env           []string
	programs      tools.Programs // notation and oras
}

const trustPolicy = `{"version": "1.0", "trustPolicies": [{"name": "test", "registryScopes": ["*"],
"signatureVerification": {"level": "strict"}, "trustStores": ["ca:test"], "trustedIdentities": ["*"]}]}`

func newWorld(t testing.TB, spec string) world {
	t.Helper()
	w := world{folder: t.TempDir(), programs: buildTools(t)}
	w.env = append(os.Environ(),
		"NOTATION_CONFIG="+filepath.Join(w.folder, "config"), "NOTATION_CACHE="+filepath.Join(w.folder, "cache"),
		"NOTATION_LIBEXEC="+filepath.Join(w.folder, "libexec"), "EXTERNAL_CERT_CHAIN=chain.pem")
	pkitest.WriteFiles(t, w.folder, spec)
	if err := os.WriteFile(filepath.Join(w.folder, "policy.json"), []byte(trustPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	plugin, err := exec.LookPath("notation-external-signer")
	if err != nil {
		t.Fatal(err)
	}
	w.must(t, "notation", "plugin", "install", "--file", plugin)
	w.must(t, "notation", "cert", "add", "--type", "ca", "--store", "test", "root.pem")
	w.must(t, "notation", "policy", "import", "policy.json")
	return w
}

// push makes an artifact of the given name, and remembers it as the image.
func (w *world) push(t testing.TB, registry, name string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.folder, "content"), []byte(name), 0o600); err != nil {
		t.Fatal(err)
	}
	w.image = fmt.Sprintf("%s/%s:v1", registry, name)
	output := w.must(t, "oras", "push", "--plain-http", "--format", "go-template={{.digest}}", w.image, "content")
	w.image = fmt.Sprintf("%s/%s@%s", registry, name, strings.TrimSpace(output))
}

func (w world) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(w.programs[name], args...)
	cmd.Dir, cmd.Env = w.folder, w.env
	return cmd
}

func (w world) must(t testing.TB, name string, args ...string) string {
	t.Helper()
	output, err := w.command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, output)
	}
	return string(output)
}

func (w world) sign(args ...string) *exec.Cmd {
	args = append([]string{"sign", "--insecure-registry", "--plugin", "external-signer", "--id", "test"}, args...)
	return w.command("notation", append(args, w.image)...)
}

// signBy signs by a signer that is given a time such as 20s.
func (w world) signBy(signer, timeout string) *exec.Cmd {
	return w.sign("--plugin-config", "signer="+signer, "--plugin-config", "timeout="+timeout)
}

// startRegistry runs the real registry and returns its address.
func startRegistry(t testing.TB) string {
	t.Helper()
	return registrytest.Start(t, buildTools(t)["registry"])
}

// TestList shows the plugin as notation does, without an error.
func TestList(t *testing.T) {
	list := newWorld(t, "EC-256").must(t, "notation", "plugin", "ls")
	want := regexp.MustCompile(
		`(?m)^external-signer +Sign with any program: .* +1\.0\.0 +\[SIGNATURE_GENERATOR\.RAW\] +<nil> *$`)
	if !want.MatchString(list) {
		t.Errorf("notation lists\n%s", list)
	}
}

var formats = []string{"jws", "cose"}

// TestKeySpecs signs with each type of key in each format, and verifies.
func TestKeySpecs(t *testing.T) {
	registry := startRegistry(t)
	for _, spec := range keyspec.Names() {
		t.Run(spec, func(t *testing.T) {
			w := newWorld(t, spec)
			for _, format := range formats {
				w.push(t, registry, repository(spec, format))
				sign := w.sign("--signature-format", format, "--plugin-config", "signer=signer")
				if output, err := sign.CombinedOutput(); err != nil {
					t.Fatalf("signing as %s: %v\n%s", format, err, output)
				}
				w.must(t, "notation", "verify", "--insecure-registry", w.image)
			}
		})
	}
}

// repository is a name that the OCI distribution specification allows.
func repository(words ...string) string {
	return fmt.Sprintf("test-%x", sha256.Sum256([]byte(strings.Join(words, " "))))[:20]
}

// TestEncodings is what a signer may print and what becomes of it. The plugin
// gives both formats the same verdict, where notation alone accepts a wrong salt
// in JWS and refuses it in COSE.
func TestEncodings(t *testing.T) {
	const accepted = ""
	tests := map[string]struct{ spec, signer, refusal string }{
		"PSS, salt as long as the digest": {"RSA-4096", "signer", accepted},
		"PSS, salt of 32 with SHA-512":    {"RSA-4096", "signer -salt 32", "must be 64, as long as the SHA-512 digest"},
		"PKCS #1 v1.5":                    {"RSA-4096", "signer -padding pkcs1", "the padding is PKCS #1 v1.5"},
		"RSA as base64 text":              {"RSA-4096", "signer -encoding base64", accepted},
		"ECDSA as DER":                    {"EC-256", "signer -encoding der", accepted},
		"ECDSA of fixed width":            {"EC-256", "signer", accepted},
		"ECDSA as base64 text":            {"EC-256", "signer -encoding base64", accepted},
		"another key":                     {"EC-256", "signer -key other/leaf.key", "isn't by the key of the leaf"},
	}
	registry := startRegistry(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, test.spec)
			if err := os.Mkdir(filepath.Join(w.folder, "other"), 0o700); err != nil {
				t.Fatal(err)
			}
			pkitest.WriteFiles(t, filepath.Join(w.folder, "other"), test.spec)
			for _, format := range formats {
				w.push(t, registry, repository(name, format))
				sign := w.sign("--signature-format", format, "--plugin-config", "signer="+test.signer)
				output, err := sign.CombinedOutput()
				said := string(output)
				switch {
				case test.refusal == accepted && err != nil:
					t.Errorf("signing as %s: %v\n%s", format, err, output)
				case test.refusal == accepted:
					w.must(t, "notation", "verify", "--insecure-registry", w.image)
				case err == nil:
					t.Errorf("signing as %s: accepted", format)
				case !strings.Contains(said, test.refusal) || !strings.Contains(said, "\n  command: "+test.signer):
					t.Errorf("signing as %s: refused for another reason:\n%s", format, said)
				case !strings.Contains(said, "\nhint: "):
					t.Errorf("signing as %s: refused without a hint:\n%s", format, said)
				}
			}
		})
	}
}
