package secret

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"container-signing/internal/hint"
)

func TestIn(t *testing.T) {
	t.Parallel()
	const key = "-----BEGIN PRIVATE KEY-----\n" +
		"MIIG/wIBADANBgkqhkiG9w0BAQEFAASCBukwggblAgEAAoIBgQC7c0nEw2mA9gUv\nQ2u7+vUQ==\n-----END PRIVATE KEY-----\n"
	lines := strings.Split(key, "\n")
	hiding := Secrets{key, "pin-4711", "abc", ""}
	for text, want := range map[string]string{
		"":                               "",
		"nothing to hide":                "nothing to hide",
		"the pin is pin-4711!":           "the pin is ***!",
		"abc is too short to tell":       "abc is too short to tell",
		"stderr: " + lines[1]:            "stderr: ***",
		"  " + lines[1] + "\n  ok":       "  ***\n  ok",
		"…" + lines[1][20:] + " (cut)":   "…*** (cut)",
		lines[1][:40] + "":               "***",
		"twice pin-4711 and pin-4711":    "twice *** and ***",
		"pin-4711pin-4711":               "***",
		lines[2] + " is the last line":   "*** is the last line",
		"-----BEGIN CERTIFICATE-----":    "-----BEGIN CERTIFICATE-----",
		"ä" + lines[1] + "ö":             "ä***ö",
		lines[1][:15] + " is not enough": lines[1][:15] + " is not enough",
		lines[1][5:21] + " is":           "*** is",
	} {
		if got := hiding.In(text); got != want {
			t.Errorf("%q became %q, not %q", text, got, want)
		}
	}
}

// TestInOfManySecrets hides secrets that overlap, repeat themselves, or aren't
// text at all.
func TestInOfManySecrets(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		hiding     Secrets
		text, want string
	}{
		{nil, "pin-4711", "pin-4711"},
		{Secrets{"aaaa"}, "baaaaaab", "b***b"},
		{Secrets{"left side", "side right"}, "left side right", "***"},
		{Secrets{"\x00\xff\xfe\x01"}, "is \x00\xff\xfe\x01.", "is ***."},
		{Secrets{"  indented  \r\nand more\r\n"}, "indented, and more", "***, ***"},
		{Secrets{"Grüße"}, "„Grüße“", "„***“"},
		{Secrets{"***!"}, "what is ***!?", "what is ***?"},
	} {
		if got := c.hiding.In(c.text); got != c.want {
			t.Errorf("%q without %q became %q, not %q", c.text, []string(c.hiding), got, c.want)
		}
	}
}

// TestInOfMuch hides a megabyte in a megabyte, on one line each: the time that
// it takes must not grow with the product of the two.
func TestInOfMuch(t *testing.T) {
	t.Parallel()
	var secret strings.Builder
	for i := range 1 << 16 {
		fmt.Fprintf(&secret, "%016x", i*2654435761)
	}
	text := "key: " + secret.String() + "."
	if got := (Secrets{secret.String()}).In(text); got != "key: ***." {
		t.Errorf("%d bytes are left: %.100q", len(got), got)
	}
}

func TestConceal(t *testing.T) {
	t.Parallel()
	hiding := Secrets{"pin-4711"}
	if err := hiding.Conceal(nil); err != nil {
		t.Errorf("no error became %v", err)
	}
	plain := errors.New("pin-4711")
	if err := (Secrets{}).Conceal(plain); !errors.Is(err, plain) || err.Error() != plain.Error() {
		t.Errorf("without secrets an error became %v", err)
	}
	inner := hint.Add(&fs.PathError{Op: "open", Path: "/pin-4711", Err: fs.ErrNotExist}, "make /pin-4711")
	err := hiding.Conceal(hint.Add(fmt.Errorf("signing: %w", inner), "try again"))
	const want = "signing: open /***: file does not exist\nhint: try again\nhint: make /***"
	if got := hint.Text(err); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, context.Canceled) {
		t.Errorf("it isn't the error that it was: %v", err)
	}
}

// TestConcealHandsNothingOut tries each way to what is inside of an error.
func TestConcealHandsNothingOut(t *testing.T) {
	t.Parallel()
	inside := hint.Add(&fs.PathError{Op: "open", Path: "/pin-4711", Err: fs.ErrNotExist}, "make /pin-4711")
	err := Secrets{"pin-4711"}.Conceal(fmt.Errorf("signing: %w", errors.Join(inside, inside)))
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		t.Errorf("it hands out %v", path)
	}
	for _, verb := range []string{"%v", "%+v", "%s", "%q", "%x"} {
		if got := fmt.Sprintf(verb, fmt.Errorf("again: %w", err)); strings.Contains(got, "4711") {
			t.Errorf("%s shows %s", verb, got)
		}
	}
	for unwrapped := err; unwrapped != nil; unwrapped = errors.Unwrap(unwrapped) {
		if strings.Contains(unwrapped.Error(), "4711") {
			t.Errorf("inside of it is %v", unwrapped)
		}
	}
}

func TestRead(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pin")
	if err := os.WriteFile(file, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SIGNING_TOKEN", "from the environment")
	t.Setenv("EMPTY", "")
	read, err := Read([]string{file}, []string{"SIGNING_TOKEN", "EMPTY"})
	if err != nil || !slices.Equal(read, Secrets{"from a file\n", "from the environment", ""}) {
		t.Errorf("got %q, %v", read, err)
	}
	if got := read.In("from a file, from the environment"); got != "***, ***" {
		t.Errorf("got %q", got)
	}
	for name, c := range map[string]struct {
		files, variables []string
		says             string
	}{
		"a missing file":     {[]string{file, file + "-too"}, nil, file + "-too"},
		"a folder":           {[]string{filepath.Dir(file)}, nil, "is a directory"},
		"a missing variable": {nil, []string{"SIGNING_TOKEN", "THERE_IS_NONE"}, "THERE_IS_NONE"},
	} {
		read, err := Read(c.files, c.variables)
		if read != nil || err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %q, %v", name, read, err)
		}
	}
}
