package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openTerminal returns the two ends of a new pseudo-terminal: the person's and
// the program's.
func openTerminal(t *testing.T, columns int) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("this needs pseudo-terminals: %v", err)
	}
	t.Cleanup(func() { person.Close() })
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { program.Close() })
	resize(t, person, columns)
	return person, program
}

func resize(t *testing.T, person *os.File, columns int) {
	t.Helper()
	size := unix.Winsize{Row: 24, Col: uint16(columns)}
	if err := unix.IoctlSetWinsize(int(person.Fd()), unix.TIOCSWINSZ, &size); err != nil {
		t.Fatal(err)
	}
}

// sees compares what a person's terminal is sent next. It ends a line with two
// characters.
func sees(t *testing.T, person io.Reader, want string) {
	t.Helper()
	want = strings.ReplaceAll(want, "\n", "\r\n")
	got := make([]byte, len(want))
	if n, err := io.ReadFull(person, got); err != nil || string(got) != want {
		t.Fatalf("it shows %q (%v), not %q", got[:n], err, want)
	}
}

// TestLineOnATerminal keeps the line below what is printed, and takes it away.
func TestLineOnATerminal(t *testing.T) {
	person, program := openTerminal(t, 40)
	line := NewLine(program, false)
	line.every = time.Hour
	line.Printf("before\n")
	sees(t, person, "before\n")
	line.Start(func() string { return "alive" })
	line.Renew()
	sees(t, person, clearLine+"alive")
	line.Printf("step %d\n", 1)
	sees(t, person, clearLine+"step 1\nalive")
	line.Stop()
	sees(t, person, clearLine)
	line.Printf("after\n")
	sees(t, person, "after\n")
}

// TestLineIsRenewedByItself waits for the clock that renews it.
func TestLineIsRenewedByItself(t *testing.T) {
	person, program := openTerminal(t, 40)
	line, times := NewLine(program, false), 0
	line.Start(func() string { times++; return fmt.Sprint(times) })
	sees(t, person, clearLine+"1"+clearLine+"2")
	line.Stop()
}

// TestLineNeverWraps cuts it off at the width that the window has now. It
// doesn't fill the last column: some terminals wrap there already.
func TestLineNeverWraps(t *testing.T) {
	person, program := openTerminal(t, 10)
	line := NewLine(program, false)
	line.every = time.Hour
	text := "123456789"
	line.Start(func() string { return text })
	line.Renew()
	sees(t, person, clearLine+"123456789")
	text = "ünïcödé 12"
	line.Renew()
	sees(t, person, clearLine+"ünïcödé …")
	text = "日本語日本語" // two columns each
	line.Renew()
	sees(t, person, clearLine+"日本語日…")
	text = "\x1b[31mred\n"
	line.Renew()
	sees(t, person, clearLine+" [31mred ")
	text = "ünïcödé 12"
	resize(t, person, 6)
	line.Renew()
	sees(t, person, clearLine+"ünïc…")
	resize(t, person, 2)
	line.Renew()
	sees(t, person, clearLine+"…")
	text = strings.Repeat("x", 100)
	for columns := range 2 { // a terminal that doesn't say
		resize(t, person, columns)
		line.Renew()
		sees(t, person, clearLine+strings.Repeat("x", 78)+"…")
	}
	line.Stop()
}
