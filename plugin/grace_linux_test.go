package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// takeBack makes a request, the file of the given name, that only a child in its
// group removes: on SIGTERM, and only after its parent, the signer, has died of it.
func takeBack(args []string) error {
	signal.Ignore(syscall.SIGINT, syscall.SIGHUP)
	cmd := exec.Command(os.Args[0], "take-back-child", args[0])
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = os.Stdout, os.Stderr, extraFiles()
	// The pipe is never written to: its end says that the signer has died.
	if _, err := cmd.StdinPipe(); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	return cmd.Wait()
}

func takeBackChild(args []string) error {
	signal.Ignore(syscall.SIGINT, syscall.SIGHUP)
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	if err := os.WriteFile(args[0], nil, 0o600); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(os.NewFile(witnessFD, "witness"), "requested", os.Getpid(), os.Getppid()); err != nil {
		return err
	}
	<-terminated
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	if err := os.Remove(args[0]); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "took it back")
	return nil
}

func init() {
	misbehaviours["take-back"], misbehaviours["take-back-child"] = takeBack, takeBackChild
}

// takingBack is notation with a signer that has made a request.
type takingBack struct {
	cmd     *exec.Cmd
	witness *witness
	pids    map[string]int
}

func newTakingBack(t *testing.T, cmd *exec.Cmd, witness *witness) takingBack {
	t.Helper()
	line, err := witness.line(20 * time.Second)
	if err != nil {
		t.Fatal(err)
	}
	var child, signer int
	if _, err := fmt.Sscanf(line, "requested %d %d", &child, &signer); err != nil {
		t.Fatalf("reading report %q: %v", line, err)
	}
	plugin := parentOf(t, parentOf(t, signer))
	return takingBack{cmd, witness, map[string]int{"plugin": plugin, "notation": cmd.Process.Pid}}
}

// assertTakenBack waits for the end of all processes.
func (b takingBack) assertTakenBack(t *testing.T) {
	t.Helper()
	if err := b.cmd.Wait(); err == nil {
		t.Error("notation has reported success")
	}
	if err := b.witness.gone(goneWithin); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(b.cmd.Dir, "request")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the request is still there: %v", err)
	}
}

// TestGrace lets a signer take back its request, however signing ends, and shows
// what it says meanwhile where notation lives to show it.
func TestGrace(t *testing.T) {
	w := newWorld(t, "EC-256")
	w.push(t, startRegistry(t), "grace")
	const words = "\n  stderr: took it back"
	for name, test := range map[string]struct {
		timeout, victim string
		signal          syscall.Signal
		want            string
	}{
		"timeout":          {timeout: "1s", want: words},
		"plugin SIGTERM":   {"1m", "plugin", syscall.SIGTERM, words},
		"plugin SIGKILL":   {"1m", "plugin", syscall.SIGKILL, ""},
		"notation SIGINT":  {"1m", "notation", syscall.SIGINT, ""},
		"notation SIGTERM": {"1m", "notation", syscall.SIGTERM, ""},
		"notation SIGKILL": {"1m", "notation", syscall.SIGKILL, ""},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := w.signBy("misbehave take-back request", test.timeout)
			var output bytes.Buffer
			cmd.Stderr = &output
			witness, err := newWitness(cmd)
			if err != nil {
				t.Fatal(err)
			}
			if err := witness.start(); err != nil {
				t.Fatal(err)
			}
			signing := newTakingBack(t, cmd, witness)
			if test.victim != "" {
				if err := syscall.Kill(signing.pids[test.victim], test.signal); err != nil {
					t.Fatal(err)
				}
			}
			signing.assertTakenBack(t)
			if !strings.Contains(output.String(), test.want) {
				t.Errorf("notation says %q, not %q", output.String(), test.want)
			}
		})
	}
}

// TestGraceAtTerminal is the same where the signer shares notation's group, which
// must not be asked to end with it.
func TestGraceAtTerminal(t *testing.T) {
	w := newWorld(t, "EC-256")
	w.push(t, startRegistry(t), "grace")
	for name, test := range map[string]struct{ timeout, keys, want string }{
		"timeout": {"1s", "", "took it back"},
		"Ctrl-C":  {"1m", "\x03", ""},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := w.signBy("misbehave take-back request", test.timeout)
			user, witness := startAtTerminal(t, cmd)
			signing := newTakingBack(t, cmd, witness)
			if _, err := io.WriteString(user, test.keys); err != nil {
				t.Fatal(err)
			}
			// Reading ends with an error, not an end of file, when all have closed it.
			screen, _ := io.ReadAll(user)
			signing.assertTakenBack(t)
			if !strings.Contains(string(screen), test.want) {
				t.Errorf("notation says %q, not %q", screen, test.want)
			}
		})
	}
}

// TestGraceEnds gives a deaf signer its second and no more.
func TestGraceEnds(t *testing.T) {
	w := newWorld(t, "EC-256")
	w.push(t, startRegistry(t), "grace")
	const timeout, grace = 100 * time.Millisecond, time.Second
	cmd := w.signBy("misbehave hang", timeout.String())
	witness, err := newWitness(cmd)
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	if err := witness.start(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("notation has reported success")
	}
	if err := witness.gone(goneWithin); err != nil {
		t.Error(err)
	}
	if took := time.Since(started); took < timeout+grace || took > timeout+grace+goneWithin {
		t.Errorf("took %v, want %v and not much more", took, timeout+grace)
	}
}
