package scripts_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// argumentsBelow returns the command lines of a process's descendants, as
// everybody on the machine can read them.
func argumentsBelow(ancestor int) []string {
	var found []string
	names, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is a good one
	for _, name := range names {
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if content, err := os.ReadFile(name); err == nil && isBelow(pid, ancestor) {
			found = append(found, string(content))
		}
	}
	return found
}

func isBelow(pid, ancestor int) bool {
	for pid > 1 {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil {
			return false
		}
		// The name in parentheses may contain anything; then come the state and
		// the parent.
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if pid, err = strconv.Atoi(fields[1]); err != nil {
			return false
		}
		if pid == ancestor {
			return true
		}
	}
	return false
}

// TestHTTPShowsNoSecretToOthers looks at all processes while the service is
// asked, and at the arguments of those that have ended before.
func TestHTTPShowsNoSecretToOthers(t *testing.T) {
	need(t, "curl")
	spec, secret := specNamed("EC-256"), `k"ey\of[1-3]{a,b}`
	requests := make(chan []string, 1)
	service := signingService(asBytes)
	environment := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests <- argumentsBelow(os.Getpid())
		if r.URL.RawQuery != "code="+secret {
			http.Error(w, "another query: "+r.URL.RawQuery, http.StatusForbidden)
			return
		}
		service(w, r)
	}))
	environment[0] += "?code=" + secret
	path, record := recordArguments(t, "curl", "sed", "cat", "mktemp", "rm", "date", "id", "head", "tr")
	signer := run(t, "http.sh", spec.environment(append(environment, path)...), payloads["text"])
	if signer.err != nil {
		t.Fatalf("%v: %s", signer.err, signer.stderr)
	}
	spec.verify(t, payloads["text"], signer.stdout, false)
	listed := <-requests
	all := strings.Join(listed, "\n")
	if !strings.Contains(all, "curl\x00--disable") {
		t.Fatalf("curl isn't among the processes %q", listed)
	}
	for _, part := range []string{"code=", `k"ey`, `\of[`, bearerToken} {
		if strings.Contains(all, part) {
			t.Errorf("%q is among the arguments of a process: %q", part, listed)
		}
		signer.assertSecret(t, record, part)
	}
}
