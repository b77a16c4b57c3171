package console_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"container-signing/e2e/internal/console"
)

// openTerminal returns the two ends of a pseudo-terminal of 40 columns: the
// person's and the program's.
func openTerminal(t *testing.T) (user, program *os.File) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("this needs pseudo-terminals: %v", err)
	}
	t.Cleanup(func() { user.Close() })
	if err := unix.IoctlSetPointerInt(int(user.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(user.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	if err := unix.IoctlSetWinsize(int(program.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 10, Col: 40}); err != nil {
		t.Fatal(err)
	}
	return user, program
}

// TestTerminal shows below what is printed for good what goes on, cut to the
// width of the terminal, and nothing while somebody is asked.
func TestTerminal(t *testing.T) {
	t.Parallel()
	user, program := openTerminal(t)
	c := console.New(t.Context(), program)
	push, sign := c.Step("push"), c.Step("sign "+strings.Repeat("日本語", 20))
	if err := c.Leave(func() error {
		_, err := fmt.Fprint(program, "PIN? ")
		return errors.Join(err, errBroken)
	}); !errors.Is(err, errBroken) {
		t.Errorf("what is asked failed with %v", err)
	}
	_ = push(nil)
	_ = sign(nil)
	c.Close()
	fmt.Fprintln(program, "end")

	var shown strings.Builder
	for reader := bufio.NewReader(user); !strings.HasSuffix(shown.String(), "end\r\n"); {
		char, err := reader.ReadByte()
		if errors.Is(err, io.EOF) || err != nil {
			t.Fatalf("%v after %q", err, &shown)
		}
		shown.WriteByte(char)
	}
	got := shown.String()
	for _, want := range []string{
		"\r\x1b[K       0 s  … push\r\x1b[K       0 s  … push; sign 日本語日本語…", // 38 columns
		"\r\x1b[KPIN? ",     // nothing is left of the line
		" s  push\r\n     ", // and it is there again
	} {
		if !strings.Contains(got, want) {
			t.Errorf("%q isn't in %q", want, got)
		}
	}
	if _, asked, _ := strings.Cut(got, "PIN? "); !strings.HasPrefix(asked, "\r\x1b[K") {
		t.Errorf("after the question comes %q", asked)
	}
	if !strings.HasSuffix(got, "日本語\r\n\r\x1b[Kend\r\n") {
		t.Errorf("the line wasn't taken away in %q", got)
	}
}
