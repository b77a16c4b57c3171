package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openTerminal returns the two ends of a new pseudo-terminal: the user's, and the
// programs'.
func openTerminal(t *testing.T) (user, program *os.File) {
	t.Helper()
	user, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Skipf("no pseudo-terminals here: %v", err)
	}
	t.Cleanup(func() { user.Close() })
	connection, err := user.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number int
	var ioctlErr error
	err = connection.Control(func(fd uintptr) {
		if ioctlErr = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); ioctlErr == nil {
			number, ioctlErr = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	if err != nil || ioctlErr != nil {
		t.Fatal(err, ioctlErr)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return user, program
}

// startAtTerminal makes cmd the leader of the terminal's session, and of its
// foreground group, as a shell does.
func startAtTerminal(t *testing.T, cmd *exec.Cmd) (*os.File, *witness) {
	t.Helper()
	user, program := openTerminal(t)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = program, program, program
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	witness, err := newWitness(cmd)
	if err != nil {
		t.Fatal(err)
	}
	witness.held = append(witness.held, program)
	if err := witness.start(); err != nil {
		t.Fatal(err)
	}
	return user, witness
}

// TestTerminal lets a signer ask the user, as openssl does for a passphrase.
func TestTerminal(t *testing.T) {
	w := newWorld(t, "EC-256")
	w.push(t, startRegistry(t), "terminal")
	cmd := w.signBy("misbehave ask-user", "20s")
	user, witness := startAtTerminal(t, cmd)
	screen := bufio.NewReader(user)
	for line := ""; !strings.Contains(line, "PIN?"); {
		var err error
		if line, err = screen.ReadString('\n'); err != nil {
			t.Fatalf("waiting for the signer's question: %v", err)
		}
	}
	if _, err := io.WriteString(user, "1234\n"); err != nil {
		t.Fatal(err)
	}
	// Reading ends with an error, not an end of file, when all have closed it.
	rest, _ := io.ReadAll(screen)
	if err := cmd.Wait(); err != nil {
		t.Errorf("signing: %v\n%s", err, rest)
	}
	if err := witness.gone(goneWithin); err != nil {
		t.Error(err)
	}
}

// TestCtrlC ends a signer that is deaf to it, and its family.
func TestCtrlC(t *testing.T) {
	w := newWorld(t, "EC-256")
	w.push(t, startRegistry(t), "terminal")
	cmd := w.signBy("misbehave family", "1m")
	user, witness := startAtTerminal(t, cmd)
	for range 4 {
		if _, err := witness.line(20 * time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := io.WriteString(user, "\x03"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("notation has reported success")
	}
	if err := witness.gone(goneWithin); err != nil {
		t.Error(err)
	}
}
