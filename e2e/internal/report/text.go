package report

import (
	"slices"
	"strings"

	"container-signing/internal/terminal"
)

// words are what the policy said, or what was looked at.
func (v Verdict) words() string {
	switch {
	case v.Reason == "":
		return v.Detail
	case v.Lock == "" || strings.HasPrefix(v.Reason, v.Lock):
		return v.Reason
	}
	return v.Lock + ": " + v.Reason
}

// summary is what the table has room for: a line of at most width columns.
func (v Verdict) summary(width int) string {
	switch {
	case !v.Passed:
		return terminal.Cut(cell(v.Failure), width)
	case v.KnownFault != "":
		return terminal.Cut("known fault: "+cell(v.KnownFault), width)
	case v.Short != "":
		return terminal.Cut(cell(v.Short), width)
	default:
		return excerpt(cell(v.words()), terminal.OneLine(v.Matched), width)
	}
}

// cell makes one line of a text, without its advice: there is no room for that.
func cell(text string) string {
	lines := slices.Collect(strings.Lines(text))
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "hint: ") })
	return terminal.OneLine(strings.Join(lines, ""))
}

// excerpt shortens a line to a width. If the words that matter would be cut
// off, it begins with them instead.
func excerpt(line, words string, width int) string {
	at := strings.Index(line, words)
	if at > 0 && terminal.Width(line) > width && terminal.Width(line[:at+len(words)]) > width-1 {
		line = line[strings.LastIndexByte(line[:at], ' ')+1:]
	}
	return terminal.Cut(line, width)
}

// explain tells all that is known about a verdict that didn't pass.
func (v Verdict) explain() string {
	lines := []string{v.Kind + ", expected: " + v.Expected + ", seen: " + v.Seen + "; " + v.Failure}
	if v.Attack != nil {
		lines = append(lines, "the attack: "+v.Attack.Does+" "+v.Attack.Why)
	}
	if v.KnownFault != "" {
		lines = append(lines, "a fault was known, and isn't seen any more: "+v.KnownFault)
	}
	if v.Webhook != "" {
		lines = append(lines, "admission webhook: "+v.Webhook)
	}
	if v.Reason != "" {
		lines = append(lines, "reason: "+strings.TrimSpace(v.Reason))
	}
	if v.Detail != "" {
		lines = append(lines, "looked at: "+v.Detail)
	}
	return strings.Join(lines, "\n")
}
