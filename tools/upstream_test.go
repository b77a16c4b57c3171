package tools

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestAnswersOfGoList has a go command that says what isn't expected of it.
func TestAnswersOfGoList(t *testing.T) {
	for output, says := range map[string]string{
		`{"Path":"m"}`:                       "names no version of " + upstreamPath,
		`{"Version":"v1.2.3"}`:               "names no folder of " + upstreamPath,
		`{`:                                  "reading what go list says",
		``:                                   "reading what go list says",
		`{"Version":"v1.2.3","Dir":"/m"} {}`: "reading what go list says",
	} {
		path := t.TempDir()
		script := "#!/bin/sh\necho '" + output + "'\n"
		if err := os.WriteFile(filepath.Join(path, "go"), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
		t.Setenv("PATH", path)
		run := goCommand{dir: path, module: pinned, show: newProgress(t.Output(), 1)}
		_, err := pinnedVersion(t.Context(), run)
		if err == nil {
			_, err = upstreamFolder(t.Context(), run)
		}
		if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "building pinned") {
			t.Errorf("of %q it says %v, not %q", output, err, says)
		}
	}
}
