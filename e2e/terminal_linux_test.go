package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestSignerAsks lets a signer ask at the terminal of e2e, as for a
// passphrase.
func TestSignerAsks(t *testing.T) {
	t.Parallel()
	dir := shortTempDir(t)
	signer := filepath.Join(dir, "signer")
	script := "#!/bin/sh\nread answer </dev/tty || exit 4\necho \"$answer\" >&7\nexit 3\n"
	writeFile(t, signer, script)
	if err := os.Chmod(signer, 0o700); err != nil {
		t.Fatal(err)
	}
	s := newSession(t, "--signer", signer, "--certificate-chain", newIdentity(t, dir, "EC-256").chain)
	user, program := openTerminal(t)
	s.cmd.Stdin, s.cmd.SysProcAttr = program, &syscall.SysProcAttr{Setsid: true, Setctty: true}
	s.start()
	// More than one image is signed; whoever asks second gets an answer too.
	if _, err := user.WriteString("the passphrase\nthe passphrase\n"); err != nil {
		t.Fatal(err)
	}
	if answer := s.awaitReport(); answer != "the passphrase" {
		t.Errorf("the signer was answered %q", answer)
	}
	if status := s.wait(); status != 1 {
		t.Errorf("exit status %d, not 1", status)
	}
	s.checkError("the signer ended with exit status 3")
}

// openTerminal returns the two ends of a pseudo-terminal: the person's and the
// program's.
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
	return user, program
}
