package scripts_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// openTerminal returns both ends of a new terminal.
func openTerminal(t *testing.T) (controller, terminal *os.File) {
	t.Helper()
	controller, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { controller.Close() })
	if err := unix.IoctlSetPointerInt(int(controller.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(controller.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return controller, terminal
}

// waitFor reads lines until one contains text, and returns it.
func waitFor(t *testing.T, lines *bufio.Reader, text string) string {
	t.Helper()
	for {
		line, err := lines.ReadString('\n')
		if strings.Contains(line, text) {
			return strings.TrimRight(line, "\r\n")
		}
		if err != nil {
			t.Fatalf("waiting for %q on the terminal: %v", text, err)
		}
	}
}

// The request appears on the terminal, and half an answer is named and not
// taken. by-hand runs as under the plugin: in a process group that isn't the
// terminal's, here even one that may not write (tostop).
func TestByHandTalksToTheTerminal(t *testing.T) {
	spec, payload := specNamed("EC-384"), payloads["binary"]
	whole := spec.sign(payload)
	controller, terminal := openTerminal(t)
	var stdout, stderr bytes.Buffer
	// A by-hand that the terminal stops would wait without end.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "sh", "-mc", `stty tostop </dev/tty; "$0" <"$1" & wait $!`,
		byHandProgram(t), writeFile(t, "payload", payload))
	command.Env = spec.environment("EXTERNAL_SIGNING_FOLDER="+t.TempDir(), "EXTERNAL_DEADLINE=60")
	command.Stdin, command.Stdout, command.Stderr = terminal, &stdout, &stderr
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	if err := terminal.Close(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(controller)
	waitFor(t, lines, "A signature is awaited.")
	_, path, _ := strings.Cut(waitFor(t, lines, "Payload:"), "/")
	answer := filepath.Join(filepath.Dir("/"+path), "signature")
	waitFor(t, lines, "To decline")

	file, err := os.Create(answer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := file.Write(whole[:50]); err != nil {
		t.Fatal(err)
	}
	waitFor(t, lines, "it holds 50 bytes, a signature by EC-384 has 96")
	if _, err := file.Write(whole[50:]); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	spec.verify(t, payload, stdout.Bytes(), false)
}
