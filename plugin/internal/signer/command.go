package signer

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"time"
)

// DeadlineVariable is the environment variable that tells the signer its deadline,
// as Unix time: whole seconds, rounded down. In a shell that is arithmetic with
// date +%s, where RFC 3339 would need a parser.
const DeadlineVariable = "SIGNER_DEADLINE"

// Command is a signer and what it is given.
type Command struct {
	// Args are the program, an absolute path or one that PATH is searched for,
	// and its arguments.
	Args []string
	// Env is added to the plugin's own environment.
	Env []string
	// Stdin are the bytes that the signer reads. It need not read them all.
	Stdin []byte
	// MaxOutput is how many bytes it may print.
	MaxOutput int
	// Timeout is how long it may take. The signer finds the time at which it is
	// given up in DeadlineVariable.
	Timeout time.Duration
}

// environment is what the signer gets beside the plugin's own.
func (c Command) environment(deadline time.Time) []string {
	return append(c.Env[:len(c.Env):len(c.Env)], fmt.Sprintf("%s=%d", DeadlineVariable, deadline.Unix()))
}

// lookPath returns the absolute path of the program. A name with a slash is
// relative to the working directory, which is notation's; one without is
// searched for on PATH.
func (c Command) lookPath() (string, error) {
	path, err := exec.LookPath(c.Args[0])
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// Output is what a signer printed: all of its stdout, and the end of its stderr.
type Output struct {
	Stdout []byte
	Stderr string
}
