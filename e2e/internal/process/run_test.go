package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTool(t *testing.T) {
	var traced []string
	tool := Tool{Path: "/bin/sh", Env: []string{"WHO=a b"},
		Trace: func(command string) { traced = append(traced, command) }}
	output, err := tool.Run(context.Background(), "-c", "echo $WHO")
	if err != nil || output != "a b\n" {
		t.Errorf("output %q, error %v", output, err)
	}
	const want = `WHO='a b' /bin/sh -c 'echo $WHO'`
	if len(traced) != 1 || traced[0] != want {
		t.Errorf("traced %q, not %q", traced, want)
	}
	_, err = tool.Run(context.Background(), "-c", "echo said; echo words >&2; exit 3")
	if err == nil || Words(fmt.Errorf("signing: %w", err)) != "words" ||
		!strings.HasPrefix(err.Error(), "exit status 3\n    WHO='a b' /bin/sh -c ") {
		t.Errorf("the error is %v", err)
	}
	if _, err = tool.Run(context.Background(), "-c", "echo said; exit 3"); Words(err) != "said" {
		t.Errorf("without standard error it is %v", err)
	}
}

// TestToolInterrupted ends a tool with all that it has started.
func TestToolInterrupted(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	done := make(chan error)
	go func() {
		_, err := Tool{Path: "/bin/sh", Lifeline: writer}.Run(ctx, "-c", "sleep 1000 & echo started >&3; wait")
		done <- errors.Join(err, writer.Close())
	}()
	if err := reader.SetReadDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(reader, make([]byte, len("started\n"))); err != nil {
		t.Fatal(err)
	}
	cancel(errors.New("Ctrl-C"))
	if err := <-done; err == nil || !strings.HasPrefix(err.Error(), "Ctrl-C\n") {
		t.Errorf("the error is %v", err)
	}
	if _, err := io.Copy(io.Discard, reader); err != nil {
		t.Errorf("a process has stayed behind: %v", err)
	}
}

// TestToolCommand runs in a shell what a failed tool is shown as: it has to be
// the same command, whatever is in its arguments, its variables and its folder.
func TestToolCommand(t *testing.T) {
	args := []string{"", "a b", "it's", `"$HOME"`, "`id`", "a\nb", "*", "~", "a=b", "sha256:0@x/y,z+%_-.", "ä", `\`,
		"!", "&&", "{a,b}"}
	dir := filepath.Join(t.TempDir(), "it's a $HOME")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	const script = `printf '%s|' "$WHO" "$(pwd)" "$@"; exit 3`
	tool := Tool{Path: "/bin/sh", Dir: dir, Env: []string{"WHO=it's $me"}}
	printed, err := tool.Run(t.Context(), append([]string{"-c", script, "sh"}, args...)...)
	var failure *ToolError
	if !errors.As(err, &failure) {
		t.Fatal(err)
	}
	again, err := Tool{Path: "/bin/sh"}.Run(t.Context(), "-c", failure.Command)
	if err == nil || again != printed || !strings.HasPrefix(printed, "it's $me|"+dir+"||a b|") {
		t.Errorf("%s\nprints %q and not %q (%v)", failure.Command, again, printed, err)
	}
}

// TestToolMissing names what isn't there.
func TestToolMissing(t *testing.T) {
	_, err := Tool{Path: filepath.Join(t.TempDir(), "notation")}.Run(t.Context(), "version")
	if !errors.Is(err, os.ErrNotExist) || !strings.HasSuffix(strings.TrimSpace(err.Error()), "notation version") {
		t.Errorf("the error is %v", err)
	}
	if plain := errors.New("no tool's"); Words(plain) != "no tool's" {
		t.Errorf("the words of %v are %q", plain, Words(plain))
	}
}

// TestToolWithoutEnd doesn't wait for what has left the tool's group and holds
// its output.
func TestToolWithoutEnd(t *testing.T) {
	t.Parallel()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() {
		_, err := Tool{Path: "/bin/sh", Lifeline: writer}.Run(ctx, "-c",
			"setsid sh -c 'echo $$ >&3; exec sleep 60' & wait")
		done <- err
	}()
	var pid int
	if _, err := fmt.Fscan(reader, &pid); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if gone, err := os.FindProcess(pid); err == nil {
			_ = gone.Kill() // all that is left of it
		}
	})
	begun := time.Now()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) || time.Since(begun) > limit {
		t.Errorf("after %s: %v", time.Since(begun), err)
	}
}
