package secret

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"container-signing/e2e/internal/usage"
)

func TestConceal(t *testing.T) {
	const key = "-----BEGIN PRIVATE KEY-----\nMIIG/wIBADANBgkqhkiG9w0BAQEFAASCBukwggblAgEAAoIBgQC7c0nEw2mA9gUv\nQ2u7+vUQ==\n-----END PRIVATE KEY-----\n"
	lines := strings.Split(key, "\n")
	hiding := Secrets{key, "pin-4711", "abc", ""}
	for text, want := range map[string]string{
		"nothing to hide":                "nothing to hide",
		"the pin is pin-4711!":           "the pin is ***!",
		"abc is too short to tell":       "abc is too short to tell",
		"stderr: " + lines[1]:            "stderr: ***",
		"  " + lines[1] + "\n  ok":       "  ***\n  ok",
		"…" + lines[1][20:] + " (cut)":   "…*** (cut)",
		lines[1][:40] + "":               "***",
		"twice pin-4711 and pin-4711":    "twice *** and ***",
		lines[2] + " is the last line":   "*** is the last line",
		"-----BEGIN CERTIFICATE-----":    "-----BEGIN CERTIFICATE-----",
		"ä" + lines[1] + "ö":             "ä***ö",
		lines[1][:15] + " is not enough": lines[1][:15] + " is not enough",
	} {
		if got := hiding.concealIn(text); got != want {
			t.Errorf("%q became %q, not %q", text, got, want)
		}
	}
	fault := usage.Errorf("--key pin-4711")
	if err := hiding.Conceal(fault); !errors.As(err, new(usage.Error)) || strings.Contains(err.Error(), "4711") {
		t.Errorf("a usage error became %v", err)
	}
	if err := hiding.Conceal(nil); err != nil {
		t.Errorf("no error became %v", err)
	}
}

func TestReadSecrets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pin")
	if err := os.WriteFile(file, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SIGNING_TOKEN", "from the environment")
	read, err := Read([]string{file}, []string{"SIGNING_TOKEN"})
	if err != nil || len(read) != 2 || read.concealIn("from a file, from the environment") != "***, ***" {
		t.Errorf("got %q, %v", read, err)
	}
	if _, err := Read([]string{file + "-too"}, nil); err == nil || !strings.Contains(err.Error(), file+"-too") {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := Read(nil, []string{"THERE_IS_NONE"}); err == nil || !strings.Contains(err.Error(), "THERE_IS_NONE") {
		t.Errorf("a missing variable: %v", err)
	}
}
