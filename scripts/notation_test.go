package scripts_test

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"container-signing/internal/pki"
	"container-signing/internal/pki/pkitest"
	"container-signing/tools"
)

// buildChain builds the real programs, and the plugin from the source beside.
var buildChain = sync.OnceValues(func() (tools.Programs, error) {
	plugin := filepath.Join(programs, "notation-external-signer")
	build := exec.Command("go", "build", "-o", plugin, "../plugin")
	build.Stdout, build.Stderr = os.Stderr, os.Stderr
	if err := build.Run(); err != nil {
		return nil, err
	}
	chain, err := tools.Build(context.Background(), os.Stderr, "notation", "oras")
	if err != nil {
		return nil, err
	}
	chain["plugin"] = plugin
	return chain, nil
})

const trustPolicy = `{"version":"1.0","trustPolicies":[{"name":"all","registryScopes":["*"],
	"signatureVerification":{"level":"strict"},"trustStores":["ca:test"],"trustedIdentities":["*"]}]}`

// A notation is a notation of its own: plugin, trust store, policy, and an
// artifact in an OCI layout.
type notation struct {
	program, home, layout, chain string
}

// newNotation makes a notation that trusts the CA of spec's key.
func newNotation(t *testing.T, spec keySpec) notation {
	t.Helper()
	if testing.Short() {
		t.Skip("needs notation and oras")
	}
	chain, err := buildChain()
	if err != nil {
		t.Fatal(err)
	}
	ca := pkitest.Root(t, "CA")
	leaf := pkitest.Leaf(t, ca, "release", spec.key())
	n := notation{
		program: chain["notation"], home: t.TempDir(), layout: filepath.Join(t.TempDir(), "layout"),
		chain: writeFile(t, "chain.pem", pki.EncodePEM(leaf.X509, ca.X509)),
	}
	plugin, err := os.ReadFile(chain["plugin"])
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"plugins/external-signer/notation-external-signer": plugin,
		"truststore/x509/ca/test/ca.pem":                   ca.PEM(),
		"trustpolicy.json":                                 []byte(trustPolicy),
	} {
		path := filepath.Join(n.home, "notation", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	push := exec.Command(chain["oras"], "push", "--oci-layout", n.layout+":v1", "http.sh")
	if out, err := push.CombinedOutput(); err != nil {
		t.Fatalf("oras push: %v: %s", err, out)
	}
	return n
}

// command is notation with the environment of a user.
func (n notation) command(t *testing.T, environment []string, arguments ...string) *exec.Cmd {
	t.Helper()
	command := exec.CommandContext(t.Context(), n.program, arguments...)
	command.Env = append(append(os.Environ(), "XDG_CONFIG_HOME="+n.home, "NOTATION_EXPERIMENTAL=1"), environment...)
	command.Env = append(command.Env, "EXTERNAL_CERT_CHAIN="+n.chain)
	return command
}

// run runs notation and returns what it printed.
func (n notation) run(t *testing.T, environment []string, arguments ...string) (string, error) {
	t.Helper()
	out, err := n.command(t, environment, arguments...).CombinedOutput()
	return string(out), err
}

// sign signs the artifact as the scripts' own examples do.
func (n notation) sign(t *testing.T, format, signer string, environment []string) (string, error) {
	t.Helper()
	path, err := filepath.Abs(signer)
	if err != nil {
		t.Fatal(err)
	}
	return n.run(t, append(environment, "EXTERNAL_SIGNER="+path), n.signing("--signature-format", format)...)
}

// signing are notation's arguments to sign the artifact.
func (n notation) signing(more ...string) []string {
	arguments := []string{"sign", "--oci-layout", "--plugin", "external-signer", "--id", "release"}
	return append(append(arguments, more...), n.layout+":v1")
}

// A signerSetup makes what a signer needs to sign with spec's key, and returns
// its program and environment.
type signerSetup func(t *testing.T, spec keySpec) (program string, environment []string)

var signerSetups = map[string]signerSetup{
	"openssl": func(t *testing.T, spec keySpec) (string, []string) {
		need(t, "openssl")
		return "openssl.sh", []string{"EXTERNAL_PRIVATE_KEY=" + keyFile(t, spec)}
	},
	"pkcs11": func(t *testing.T, spec keySpec) (string, []string) {
		token := newToken(t)
		for i := range keySpecs {
			if keySpecs[i].Name == spec.Name {
				return "pkcs11.sh", token.settings(i)
			}
		}
		panic("unknown key spec")
	},
	"http": func(t *testing.T, _ keySpec) (string, []string) {
		need(t, "curl")
		return "http.sh", serve(t, signingService(asBytes))
	},
	"by hand": func(t *testing.T, spec keySpec) (string, []string) {
		need(t, "openssl")
		// The notification command looks for the artifact in the request, and runs
		// the command that the request contains.
		return byHandProgram(t), []string{
			"EXTERNAL_SIGNING_FOLDER=" + t.TempDir(), "KEY=" + keyFile(t, spec),
			`EXTERNAL_NOTIFY=grep -q "^Artifact: *sha256:" "$1/request.txt" &&
				sed -n '/^  openssl/s|PRIVATE-KEY.pem|"$KEY"|p' | sh -eu`,
		}
	},
}

func TestNotationSignsWithEverySigner(t *testing.T) {
	for name, setup := range signerSetups {
		for _, spec := range []keySpec{specNamed("RSA-3072"), specNamed("EC-384")} {
			for _, format := range []string{"jws", "cose"} {
				t.Run(name+"/"+spec.Name+"/"+format, func(t *testing.T) {
					program, environment := setup(t, spec)
					assertSigns(t, spec, format, program, environment)
				})
			}
		}
	}
}

// assertSigns signs with the real notation and plugin and has notation verify.
func assertSigns(t *testing.T, spec keySpec, format, program string, environment []string) {
	t.Helper()
	n := newNotation(t, spec)
	verify := []string{"verify", "--oci-layout", "--scope", "test/artifact", n.layout + ":v1"}
	if out, err := n.run(t, nil, verify...); err == nil {
		t.Fatalf("verified before it was signed: %s", out)
	}
	if out, err := n.sign(t, format, program, environment); err != nil {
		t.Fatalf("notation sign: %v: %s", err, out)
	}
	if out, err := n.run(t, nil, verify...); err != nil || !strings.Contains(out, "Successfully verified signature") {
		t.Errorf("notation verify: %v: %s", err, out)
	}
}

// notation sign shows the words of a signer that fails.
func TestNotationShowsTheSignersWords(t *testing.T) {
	need(t, "openssl")
	n := newNotation(t, specNamed("RSA-3072"))
	out, err := n.sign(t, "jws", "openssl.sh", []string{"EXTERNAL_PRIVATE_KEY=" + keyFile(t, specNamed("EC-256"))})
	if want := "is not RSA-3072, which the certificate has"; err == nil || !strings.Contains(out, want) {
		t.Errorf("%v: said %q, want %q in it", err, out, want)
	}
}

// A signer that knows the plugin's deadline says itself what it has waited for.
func TestNotationTellsTheDeadline(t *testing.T) {
	need(t, "curl")
	n := newNotation(t, specNamed("EC-256"))
	out, err := n.sign(t, "jws", "http.sh", append(serve(t, http.HandlerFunc(hang)), "EXTERNAL_TIMEOUT=3s"))
	if want := "raise the plugin's timeout"; err == nil || !strings.Contains(out, want) {
		t.Errorf("%v: said %q, want %q in it", err, out, want)
	}
}

// Signers that were written for the experiment's plugin work unchanged.
func TestExperimentsSigner(t *testing.T) {
	need(t, "openssl")
	spec := specNamed("RSA-4096")
	for _, format := range []string{"jws", "cose"} {
		t.Run(format, func(t *testing.T) {
			environment := []string{"EXTERNAL_PRIVATE_KEY=" + keyFile(t, spec)}
			assertSigns(t, spec, format, "testdata/experiment.sh", environment)
		})
	}
}

// One with a salt of 32 bytes for SHA-512, which COSE verifiers refuse and JWS
// verifiers take, is refused in both, with what to change.
func TestExperimentsSignerWithShortSalt(t *testing.T) {
	need(t, "openssl")
	spec := specNamed("RSA-4096")
	for _, format := range []string{"jws", "cose"} {
		t.Run(format, func(t *testing.T) {
			n := newNotation(t, spec)
			environment := []string{"EXTERNAL_PRIVATE_KEY=" + keyFile(t, spec)}
			out, err := n.sign(t, format, "testdata/experiment-salt-32.sh", environment)
			if err == nil {
				t.Fatalf("signed: %s", out)
			}
			for _, want := range []string{"salt", "32", "64", "rsa_pss_saltlen:digest"} {
				if !strings.Contains(out, want) {
					t.Errorf("said %q, want %q in it", out, want)
				}
			}
		})
	}
}
