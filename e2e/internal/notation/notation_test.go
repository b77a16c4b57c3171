package notation

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"container-signing/e2e/internal/process"
	"container-signing/e2e/internal/reference"
)

var (
	plain = reference.Reference{Registry: "127.0.0.1:5001", Repository: "app", Digest: "sha256:1", PlainHTTP: true}
	https = reference.Reference{Registry: "registry.example.com", Repository: "app", Digest: "sha256:1"}
)

// saying is a program in the place of notation that says something and ends
// with a status.
func saying(t *testing.T, words, status string) CLI {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notation")
	script := "#!/bin/sh\necho '" + words + "'\nexit " + status + "\n"
	if err := os.WriteFile(path, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	return CLI{process.Tool{Path: path}}
}

// TestVerify doesn't take an exit status of 0 for a verdict.
func TestVerify(t *testing.T) {
	for name, c := range map[string]struct {
		cli   CLI
		words string // of the error; empty for none
	}{
		"verified":      {saying(t, "Successfully verified signature for app", "0"), ""},
		"nothing said":  {saying(t, "", "0"), "notation doesn't say that it did"},
		"trust skipped": {saying(t, "Trust policy is configured to skip", "0"), "notation doesn't say that it did"},
		"refused":       {saying(t, "Error: signature verification failed", "1"), "signature verification failed"},
		"a lie":         {saying(t, "Successfully verified signature for app", "1"), "exit status 1"},
	} {
		err := c.cli.Verify(t.Context(), plain)
		if (err == nil) != (c.words == "") || err != nil && !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestRefuses wants the reason that is expected, and no other: an image that is
// refused because its registry is gone proves nothing.
func TestRefuses(t *testing.T) {
	unsigned := saying(t, "Error: no signature is associated with app", "1")
	for name, c := range map[string]struct {
		cli     CLI
		because Refusal
		words   string
	}{
		"unsigned":                    {unsigned, Unsigned, ""},
		"untrusted":                   {saying(t, "it does not contain any trusted certificate", "1"), Untrusted, ""},
		"unsigned, to be untrusted":   {unsigned, Untrusted, `because "does not contain any trusted certificate", but`},
		"accepted":                    {saying(t, "Successfully verified", "0"), Unsigned, "though it must not"},
		"a registry that is gone":     {saying(t, "Error: connection refused", "1"), Unsigned, "connection refused"},
		"an exit status without word": {saying(t, "", "0"), Unsigned, "though it must not"},
	} {
		err := c.cli.Refuses(t.Context(), plain, c.because)
		if (err == nil) != (c.words == "") || err != nil && !strings.Contains(err.Error(), c.words) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTransport tells notation of plain HTTP only where it is spoken.
func TestTransport(t *testing.T) {
	s := Signing{
		Signer: "sign it", CertificateChain: "chain.crt", KeyID: "release", Format: "cose",
		Timeout: 90 * time.Second,
	}
	for image, insecure := range map[reference.Reference]bool{plain: true, https: false} {
		for _, args := range [][]string{VerifyArgs(image), SignArgs(s, image.String(), image.PlainHTTP)} {
			if slices.Contains(args, "--insecure-registry") != insecure || args[len(args)-1] != image.String() {
				t.Errorf("%s: notation %s", image, strings.Join(args, " "))
			}
		}
	}
	args := strings.Join(SignArgs(s, "app@sha256:1", false), " ")
	const want = "sign --signature-format cose --plugin external-signer --id release " +
		"--plugin-config signer=sign it --plugin-config certificate-chain=chain.crt " +
		"--plugin-config timeout=1m30s app@sha256:1"
	if args != want {
		t.Errorf("the arguments are\n%s, not\n%s", args, want)
	}
}

// TestConfiguredIn keeps the user's configuration out of a run, and AsUser keeps
// it.
func TestConfiguredIn(t *testing.T) {
	t.Setenv("NOTATION_CONFIG", "/of/the/user")
	t.Setenv("NOTATION_USERNAME", "somebody")
	print := process.Tool{Path: "/usr/bin/env"}
	own, err := ConfiguredIn(print, "/of/the/run").Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"NOTATION_CONFIG=/of/the/run\n", "NOTATION_LIBEXEC=/of/the/run\n", "NOTATION_CACHE=/of/the/run/cache\n",
		"DOCKER_CONFIG=/of/the/run/docker\n",
	} {
		if !strings.Contains(own, line) {
			t.Errorf("it lacks %s", line)
		}
	}
	if strings.Contains(own, "somebody") || strings.Contains(own, "/of/the/user") {
		t.Errorf("it has what is the user's:\n%s", own)
	}
	users, err := AsUser(print).Run(t.Context())
	if err != nil || !strings.Contains(users, "NOTATION_CONFIG=/of/the/user\n") ||
		!strings.Contains(users, "NOTATION_USERNAME=somebody\n") {
		t.Errorf("the user's own lacks what is the user's (%v):\n%s", err, users)
	}
}

// TestTrustPolicy demands the strictest level, of every image.
func TestTrustPolicy(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trustpolicy.json")
	if err := writeTrustPolicy(file, "mine"); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		TrustPolicies []struct {
			RegistryScopes, TrustStores []string
			SignatureVerification       map[string]any
		}
	}
	if err := json.Unmarshal(content, &document); err != nil || len(document.TrustPolicies) != 1 {
		t.Fatalf("%s (%v)", content, err)
	}
	policy := document.TrustPolicies[0]
	if !slices.Equal(policy.RegistryScopes, []string{"*"}) || !slices.Equal(policy.TrustStores, []string{"ca:mine"}) ||
		len(policy.SignatureVerification) != 1 || policy.SignatureVerification["level"] != "strict" {
		t.Errorf("the trust policy is %s", content)
	}
}
