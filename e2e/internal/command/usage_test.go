package command

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"container-signing/e2e/internal/supply"
)

// An outcome is what a command has come to.
type outcome struct {
	status         int
	stdout, stderr string
}

// e2e runs a command.
func e2e(t *testing.T, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status := Run(t.Context(), args, &stdout, &stderr)
	return outcome{status, stdout.String(), stderr.String()}
}

// TestUsage asks for what can't be done. It has to be found at once, before
// anything is started, and to be told in one sentence.
func TestUsage(t *testing.T) {
	cases := usageCases()
	for name, one := range usageCasesIn(t, t.TempDir()) {
		cases[name] = one
	}
	for name, one := range cases {
		t.Run(name, func(t *testing.T) {
			args := one.args
			if !strings.Contains(strings.Join(args, " "), "-registry") && strings.HasPrefix(args[0], "-") {
				ci, production := freeAddress(t), freeAddress(t)
				defaults := []string{"--node", "off", "--ci-registry", ci, "--production-registry", production}
				args = append(defaults, args...)
			}
			checkUsage(t, args, one.words...)
		})
	}
}

// checkUsage finds at once that this can't be done.
func checkUsage(t *testing.T, args []string, words ...string) {
	t.Helper()
	got := e2e(t, args...)
	if got.status != exitUsage {
		t.Errorf("exit status %d, not %d", got.status, exitUsage)
	}
	if !regexp.MustCompile(`^e2e: .*\n(hint: .*\n)*$`).MatchString(got.stderr) {
		t.Errorf("standard error isn't one line, and hints:\n%s", got.stderr)
	}
	for _, word := range words {
		if !strings.Contains(got.stderr, word) {
			t.Errorf("the error doesn't say %q:\n%s", word, got.stderr)
		}
	}
	if got.stdout != "" {
		t.Errorf("something was done first:\n%s", got.stdout)
	}
}

// TestTakenPort names the process that has the port.
func TestTakenPort(t *testing.T) {
	taken := listen(t)
	for _, flag := range []string{"--ci-registry", "--production-registry"} {
		other := map[string]string{
			"--ci-registry": "--production-registry", "--production-registry": "--ci-registry",
		}[flag]
		checkUsage(t, []string{"--node", "off", other, freeAddress(t), flag, taken},
			flag+" "+taken+" is taken by process ", os.Args[0], "another address with "+flag)
	}
}

// TestHelp shows the flags on standard output, and is no failure.
func TestHelp(t *testing.T) {
	for _, flag := range []string{"--help", "-h", "help"} {
		got := e2e(t, flag)
		if got.status != 0 || got.stderr != "" {
			t.Errorf("%s: exit status %d: %s", flag, got.status, got.stderr)
		}
		for _, words := range []string{
			"Usage:\n  e2e [flags]\n", "--workloads folder", `"127.0.0.1:5002")`, "Exit status: 0",
		} {
			if !strings.Contains(got.stdout, words) {
				t.Errorf("%s doesn't say %q", flag, words)
			}
		}
		for line := range strings.Lines(got.stdout) {
			if len(strings.TrimSuffix(line, "\n")) > helpWidth+10 {
				t.Errorf("%s: a line is %d columns wide: %s", flag, len(line), line)
			}
		}
	}
}

// listen returns an address at which this process listens until the test ends.
func listen(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() }) // nothing was sent
	return listener.Addr().String()
}

// freeAddress returns an address at which nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprint(listener.Addr())
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return address
}

// newIdentity makes a key and certificates of a user's own in dir.
func newIdentity(t *testing.T, dir string) supply.Identity {
	t.Helper()
	identity, err := supply.MakeDemonstration(supply.Demonstration{Name: "somebody", KeySpec: "EC-256"}, dir)
	if err != nil {
		t.Fatal(err)
	}
	return identity
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
