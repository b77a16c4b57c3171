// Package secret keeps secrets out of what is printed.
package secret

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"container-signing/e2e/internal/usage"
	"container-signing/internal/hint"
)

const (
	// concealedLength is how much of a secret's line, in bytes, gives it away.
	// Shorter lines give themselves away whole.
	concealedLength = 16
	// revealedLength is the length, in bytes, of lines that are too short to
	// be told apart from other words.
	revealedLength = 3
	concealment    = "***"
)

// Secrets are what nothing that is printed may contain, even if a signer prints
// it: engines that run containers look for whole secrets only, and what a
// plugin quotes of a signer's words is indented and cut.
type Secrets []string

// Read reads the secrets in files and in environment variables.
func Read(files, variables []string) (Secrets, error) {
	var all Secrets
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading a secret: %w", err)
		}
		all = append(all, string(content))
	}
	for _, name := range variables {
		value, found := os.LookupEnv(name)
		if !found {
			return nil, fmt.Errorf("reading a secret: there is no environment variable %s", name)
		}
		all = append(all, value)
	}
	return all, nil
}

// Conceal replaces in an error's text what is of the secrets.
func (s Secrets) Conceal(err error) error {
	if err == nil || len(s) == 0 {
		return err
	}
	concealed := errors.New(s.concealIn(hint.Text(err)))
	if errors.As(err, new(usage.Error)) {
		return usage.Fault(concealed)
	}
	return concealed
}

func (s Secrets) concealIn(text string) string {
	hidden := make([]bool, len(text))
	for _, secret := range s {
		for line := range strings.Lines(secret) {
			hide(hidden, text, strings.TrimSpace(line))
		}
	}
	var shown strings.Builder
	for i := range len(text) {
		switch {
		case !hidden[i]:
			shown.WriteByte(text[i])
		case i == 0 || !hidden[i-1]:
			shown.WriteString(concealment)
		}
	}
	return shown.String()
}

// hide marks where a text contains a line, or a part of it that gives it away.
func hide(hidden []bool, text, line string) {
	length := min(len(line), concealedLength)
	if length <= revealedLength {
		return
	}
	for from := 0; from+length <= len(line); from++ {
		part := line[from : from+length]
		for start := 0; ; {
			i := strings.Index(text[start:], part)
			if i < 0 {
				break
			}
			for j := range length {
				hidden[start+i+j] = true
			}
			start += i + 1
		}
	}
}
