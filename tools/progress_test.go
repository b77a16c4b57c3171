package tools

import (
	"bytes"
	"strings"
	"testing"
)

// TestProgress shows what the go command says as it says it.
func TestProgress(t *testing.T) {
	var out bytes.Buffer
	show := newProgress(&out, 2)
	for _, name := range []string{"oras", "etcd"} {
		show.start(name)
		show.doing("go: downloading example.invalid v1")
		text := show.text()
		if !strings.HasPrefix(text, "  "+name+", ") || !strings.HasSuffix(text, ", downloading example.invalid v1") {
			t.Errorf("it shows %q", text)
		}
		show.doing("internal/cpu")
		show.doing("runtime")
		if !strings.Contains(show.text(), "compiling, 2 packages so far, runtime") {
			t.Errorf("it shows %q", show.text())
		}
		if name == "etcd" {
			show.built()
		}
		show.stop()
	}
	want := []string{"building tool 1 of 2: oras", "building tool 2 of 2: etcd", "built tool 2 of 2: etcd in "}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != len(want) {
		t.Fatalf("it prints %q", lines)
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, want[i]) {
			t.Errorf("it prints %q, not %q", line, want[i])
		}
	}
}
