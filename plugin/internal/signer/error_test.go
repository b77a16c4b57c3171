package signer

import (
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"container-signing/internal/hint"
)

// TestError is read from a terminal: nothing in it controls one, and what a
// signer says stays apart from the cause and from the advice.
func TestError(t *testing.T) {
	cause := hint.Add(errors.New("the signer ended with exit status 3"), "see its log")
	failure := Command{Args: []string{"/opt/my signer", "a'b", "\x1b[2J"}}.
		failed(Failed, cause, "no\tslot\r\n\x1b[31mred\a\xff\nhint: run rm -rf\n\n")
	const want = "the signer ended with exit status 3\n" +
		`  command: '/opt/my signer' a\'b ?\[2J` + "\n" +
		"  stderr: no\tslot\n    ?[31mred??\n    hint: run rm -rf\n" +
		"hint: see its log"
	if got := hint.Text(failure); got != want {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
	if strings.Contains(Command{Args: []string{"x"}}.failed(Failed, cause, " \n").Error(), "stderr") {
		t.Error("a signer that has said nothing is quoted")
	}
}

// TestReader keeps the end of stderr, and stops at the limit of stdout.
func TestReader(t *testing.T) {
	for name, test := range map[string]struct {
		text, want string
		keepEnd    bool
		overflows  bool
	}{
		"stderr":            {"12345678", "12345678", true, false},
		"stderr, too long":  {"0123456789", "…23456789", true, false},
		"stdout":            {"12345678", "12345678", false, false},
		"stdout, too long":  {"123456789", "…123456789", false, true},
		"nothing on stderr": {"", "", true, false},
		"nothing on stdout": {"", "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			from, to, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			r := newReader(from, 8, test.keepEnd)
			if _, err := io.WriteString(to, test.text); err != nil {
				t.Fatal(err)
			}
			closeAll(to)
			<-r.done
			if got := r.tail(); got != test.want || r.overflowed() != test.overflows {
				t.Errorf("got %q, overflow %v", got, r.overflowed())
			}
			r.close()
		})
	}
}

// TestReaderIsClosed while nobody writes.
func TestReaderIsClosed(t *testing.T) {
	from, to, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer closeAll(to)
	r := newReader(from, 8, false)
	r.close()
	if r.overflowed() || r.tail() != "" {
		t.Errorf("got %q", r.tail())
	}
}
