package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"container-signing/internal/hint"
)

func TestWrite(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	for _, r := range []Report{good(), bad()} { // the second takes the place of the first
		if err := r.Write(dir); err != nil {
			t.Fatal(err)
		}
	}
	if names, want := namesIn(t, dir), []string{"junit.xml", "report.json", "table.txt"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
	var read Report
	if err := json.Unmarshal(readFile(t, filepath.Join(dir, "report.json")), &read); err != nil {
		t.Fatal(err)
	}
	if got, want := read.Verdicts[2], bad().Verdicts[2]; got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func namesIn(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestWriteRefuses looks for the operand and for advice, and for what a failed
// attempt leaves behind.
func TestWriteRefuses(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// Where root can't make a folder either.
	for _, folder := range []string{file, "/proc/none/of/these", "nul\x00byte", strings.Repeat("long", 1000)} {
		err := good().Write(folder)
		if err == nil || !strings.Contains(err.Error(), "making the folder") || len(hint.Of(err)) != 1 {
			t.Errorf("%q: got %v, want an error with advice", folder, err)
		}
	}
	if err := good().Write(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v, want an error that names %s", err, file)
	}
	for _, name := range []string{"report.json", "junit.xml", "table.txt"} {
		dir := t.TempDir()
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := good().Write(dir); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want an error that names %s", err, name)
		}
		for _, left := range namesIn(t, dir) {
			if strings.HasPrefix(left, ".") {
				t.Errorf("left behind: %s", left)
			}
		}
	}
}

// TestWriteWhole breaks off in the middle: what was there before stays, and
// nobody sees a half.
func TestWriteWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "report.json")
	broken := errors.New("no space left")
	half := func(out io.Writer) error {
		if _, err := io.WriteString(out, strings.Repeat("half", 10_000)); err != nil {
			return err
		}
		return broken
	}
	if err := writeWhole(path, half); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if left := namesIn(t, dir); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	if err := os.WriteFile(path, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := writeWhole(path, half); !errors.Is(err, broken) || string(readFile(t, path)) != "before" {
		t.Errorf("got %v, and %.20q", err, readFile(t, path))
	}
}

// TestWriteThroughLink lets a link in the report's folder be replaced, not
// what it leads to.
func TestWriteThroughLink(t *testing.T) {
	t.Parallel()
	elsewhere, dir := filepath.Join(t.TempDir(), "precious"), t.TempDir()
	if err := os.WriteFile(elsewhere, []byte("before"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, filepath.Join(dir, "report.json")); err != nil {
		t.Fatal(err)
	}
	if err := good().Write(dir); err != nil {
		t.Fatal(err)
	}
	if got := readFile(t, elsewhere); string(got) != "before" {
		t.Errorf("it was written through a link: %.40q", got)
	}
	info, err := os.Lstat(filepath.Join(dir, "report.json"))
	if err != nil || info.Mode() != 0o644 {
		t.Errorf("the report is %v, %v; want a file that all can read", info.Mode(), err)
	}
}

// TestJSONFields holds the names that programs rely on.
func TestJSONFields(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	r := bad()
	r.Verdicts[1].Short = "unsigned"
	if err := r.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(out.Bytes(), &fields); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"passed", "name", "started", "seconds", "versions", "images", "steps", "verdicts"} {
		if _, ok := fields[name]; !ok {
			t.Errorf("no field %q", name)
		}
	}
	if fields["passed"] != false || fields["seconds"] != 12.345 {
		t.Errorf("passed %v, seconds %v", fields["passed"], fields["seconds"])
	}
	verdicts := fields["verdicts"].([]any)
	refused := verdicts[1].(map[string]any)
	for name, want := range map[string]any{
		"workload": "deny/pod-unsigned", "kind": "Pod", "expected": "refused", "seen": "refused", "passed": true,
		"policy": "require-notation", "webhook": "mutate.kyverno.svc-fail", "seconds": 0.75, "short": "unsigned",
	} {
		if refused[name] != want {
			t.Errorf("%s: got %v, want %v", name, refused[name], want)
		}
	}
	if _, has := verdicts[0].(map[string]any)["short"]; has {
		t.Error("a verdict without a short reason has an empty one")
	}
	out.Reset()
	if err := (Report{}).WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	for _, list := range []string{`"images": []`, `"steps": []`, `"verdicts": []`} {
		if !strings.Contains(out.String(), list) {
			t.Errorf("no %s in %s", list, &out)
		}
	}
}

// TestJSONOfHostile reads back what JSON can hold, which is all that is UTF-8.
func TestJSONOfHostile(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := hostile().WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	var read Report
	if err := json.Unmarshal(out.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	if got := read.Error; !strings.HasPrefix(got, "\x00\a\x1b[2J") || !strings.HasSuffix(got, "\u0085日本語 🙂 e\u0301") {
		t.Errorf("got %q", got)
	}
	if err := good().WriteJSON(brokenPipe{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
