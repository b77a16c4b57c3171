// Package secret keeps secrets out of what is printed, even if a signer prints
// them: engines that run containers look for whole secrets only, and what a
// plugin quotes of a signer's words is indented and cut.
package secret

import (
	"errors"
	"fmt"
	"os"
	"strings"

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

// Secrets are what nothing that is printed may contain.
type Secrets []string

// Read reads the secrets in files and in environment variables.
func Read(files, variables []string) (Secrets, error) {
	var all Secrets
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading the secret in file %q: %w", file, err)
		}
		all = append(all, string(content))
	}
	for _, name := range variables {
		value, found := os.LookupEnv(name)
		if !found {
			err := fmt.Errorf("reading the secret in environment variable %q: it isn't set", name)
			return nil, hint.Add(err, "give the variable's name, not its value, and export it")
		}
		all = append(all, value)
	}
	return all, nil
}

// Conceal returns an error that has none of the secrets in its text, nor in
// its advice. It is still the errors that err is ([errors.Is]), but doesn't
// hand them out: their texts have the secrets.
func (s Secrets) Conceal(err error) error {
	if err == nil || len(s) == 0 {
		return err
	}
	var shown error = &concealed{s.In(err.Error()), err}
	advice := hint.Of(err)
	for i := len(advice) - 1; i >= 0; i-- { // the outermost comes first
		shown = hint.Add(shown, "%s", s.In(advice[i]))
	}
	return shown
}

// A concealed error has no Unwrap.
type concealed struct {
	text string
	err  error
}

func (c *concealed) Error() string        { return c.text }
func (c *concealed) Is(target error) bool { return errors.Is(c.err, target) }

// Format keeps %+v and %#v from printing what is inside.
func (c *concealed) Format(state fmt.State, _ rune) { fmt.Fprint(state, c.text) }

// In replaces in a text what is of the secrets.
func (s Secrets) In(text string) string {
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
	parts := map[string]bool{}
	for from := 0; from+length <= len(line); from++ {
		parts[line[from:from+length]] = true
	}
	for start := 0; start+length <= len(text); start++ {
		if !parts[text[start:start+length]] {
			continue
		}
		for i := range length {
			hidden[start+i] = true
		}
	}
}
