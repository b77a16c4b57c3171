package nodetest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"container-signing/internal/hint"
)

// recorder is a test that says how it has ended.
type recorder struct {
	testing.TB
	ended string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) { r.end("failed: "+format, args) }

func (r *recorder) Skipf(format string, args ...any) { r.end("skipped: "+format, args) }

// end keeps how the test has ended: both ways end a real one at once.
func (r *recorder) end(format string, args []any) {
	r.ended = cmp.Or(r.ended, fmt.Sprintf(format, args...))
}

// TestLacking skips a test where there can be no node, with the reason, and
// fails it where there has to be one.
func TestLacking(t *testing.T) {
	reason := hint.Add(errors.New("read-only file system"), "a container has to be privileged")
	for value, ends := range map[string]string{"": "skipped: ", "0": "skipped: ", "1": "failed: "} {
		t.Setenv(RequiredVariable, value)
		r := &recorder{TB: t}
		lacking(r, reason)
		why := "read-only file system\nhint: a container has to be privileged"
		if !strings.HasPrefix(r.ended, ends) || !strings.HasSuffix(r.ended, why) {
			t.Errorf("%s=%s: %s", RequiredVariable, value, r.ended)
		}
	}
}

// TestProcessOfNode starts the test's own program as a process of a node.
func TestProcessOfNode(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	output, err := exec.Command(self, "node-init", t.TempDir()).CombinedOutput()
	if err == nil || !strings.Contains(string(output), "this belongs into a pid namespace of its own") {
		t.Errorf("it says %q (%v)", output, err)
	}
}
