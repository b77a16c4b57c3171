package main_test

import (
	"testing"
)

// TestFailure runs what can only be known to fail once it is tried. The words
// of whoever failed have to reach the screen.
func TestFailure(t *testing.T) {
	dir := shortTempDir(t)
	own, other := newIdentity(t, dir+"/own", "EC-256"), newIdentity(t, dir+"/other", "EC-256")
	for name, failure := range map[string]struct {
		args  []string
		env   []string
		words []string
	}{
		"image that doesn't exist": {
			[]string{"--image", "127.0.0.1:1/team/app:1"}, nil,
			[]string{"127.0.0.1:1/team/app:1", "oras cp ", "connection refused"},
		},
		"chain of another key": {
			[]string{"--signer", "../scripts/openssl.sh", "--certificate-chain", own.chain},
			[]string{"EXTERNAL_PRIVATE_KEY=" + other.key},
			[]string{"signing image ", "isn't by the key of the leaf certificate",
				"name the chain of the key that signs"},
		},
		"signer that fails": {
			[]string{"--signer", `sh -c "echo the HSM is out of order >&2; exit 3"`, "--certificate-chain", own.chain},
			nil,
			[]string{"signing image ", "the signer ended with exit status 3", "stderr: the HSM is out of order"},
		},
		"signer that is missing": {
			[]string{"--signer", "nowhere", "--certificate-chain", own.chain}, nil,
			[]string{"signing image ", `starting signer "nowhere"`},
		},
		"signer that takes too long": {
			append(hangingSigner(t), "--signer-timeout", "100ms"), nil,
			[]string{"signing image ", "the signer gave no answer within 100ms"},
		},
		"step that takes too long": {
			[]string{"--timeout", "1ms"}, nil,
			[]string{"waiting for ", "given up after 1ms"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := shortTempDir(t)
			s := newSession(t, append(failure.args, "--report", report)...)
			s.env = failure.env
			if status := s.start().wait(); status != 1 {
				t.Errorf("exit status %d, not 1", status)
			}
			s.checkError(failure.words...)
			if saved := readReport(t, report); saved.Passed || "e2e: "+saved.Error+"\n" != s.text("stderr") {
				t.Errorf("the report says passed: %v, error: %q", saved.Passed, saved.Error)
			}
			if suites := readJUnit(t, report); suites.Errors == 0 {
				t.Error("junit.xml has no errors")
			}
		})
	}
}
