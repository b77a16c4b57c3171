package scripts_test

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
)

var buildByHand = sync.OnceValues(func() (string, error) {
	program := filepath.Join(programs, "by-hand")
	out, err := exec.Command("go", "build", "-o", program, "./by-hand").CombinedOutput()
	if err != nil {
		return string(out), err
	}
	return program, nil
})

func byHandProgram(t *testing.T) string {
	t.Helper()
	program, err := buildByHand()
	if err != nil {
		t.Fatalf("building by-hand: %v: %s", err, program)
	}
	return program
}

// A handRequest is by-hand while it waits for its answer.
type handRequest struct {
	command *exec.Cmd
	stdout  bytes.Buffer
	folder  string
	errors  chan string // what it says on standard error after the folder
}

// ask starts by-hand, by another program where there are words for that, and
// returns when it has told of its request.
func ask(t *testing.T, environment []string, payload []byte, by ...string) *handRequest {
	t.Helper()
	request := &handRequest{errors: make(chan string, 1)}
	words := slices.Concat(by, []string{byHandProgram(t)})
	request.command = exec.CommandContext(t.Context(), words[0], words[1:]...)
	// The deadline bounds a test whose answer is not taken.
	request.command.Env = append([]string{
		"EXTERNAL_DEADLINE=60", `EXTERNAL_NOTIFY=printf '%s\n' "$1" >&2`,
	}, environment...)
	request.command.Stdin, request.command.Stdout = bytes.NewReader(payload), &request.stdout
	request.command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal
	stderr, err := request.command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := request.command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stderr)
	folder, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("no request: %q, %v", folder, err)
	}
	request.folder = strings.TrimSuffix(folder, "\n")
	go func() {
		rest, _ := io.ReadAll(lines) // what was read before an error counts
		request.errors <- string(rest)
	}()
	return request
}

// end waits for by-hand's end.
func (r *handRequest) end() ended {
	words := <-r.errors
	err := r.command.Wait()
	return ended{r.stdout.Bytes(), words, err}
}

func (r *handRequest) read(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(r.folder, name))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func (r *handRequest) write(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.folder, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}
