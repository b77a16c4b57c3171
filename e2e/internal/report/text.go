package report

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// words are what the policy said, or what was looked at.
func (v Verdict) words() string {
	if v.Reason != "" {
		return v.Reason
	}
	return v.Detail
}

// summary is one line for the table.
func (v Verdict) summary() string {
	if !v.Passed {
		return oneLine(v.Failure)
	}
	return oneLine(v.words())
}

// explain tells all that is known about a verdict that didn't pass.
func (v Verdict) explain() string {
	lines := []string{v.Kind + ", expected: " + v.Expected + ", seen: " + v.Seen + "; " + v.Failure}
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

// oneLine replaces line breaks, and everything else that would make a mess of
// a terminal, by single spaces.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
}

// cut shortens a line to a width in columns. It shows the words that matter
// where it can't show all.
func cut(line, words string, width int) string {
	if utf8.RuneCountInString(line) <= width {
		return line
	}
	runes := []rune(line)
	if at := strings.Index(line, oneLine(words)); words != "" && at > 0 {
		start := utf8.RuneCountInString(line[:at])
		if start+utf8.RuneCountInString(words) > width-1 {
			runes = append([]rune("…"), runes[start:]...)
		}
	}
	if len(runes) > width {
		runes = append(runes[:width-1], '…')
	}
	return string(runes)
}

// wrap breaks a line into pieces of at most width columns, at spaces where
// there are any.
func wrap(line string, width int) []string {
	line = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, line)
	runes := []rune(line)
	var pieces []string
	for len(runes) > width {
		at := width
		for i := width; i > width/2; i-- {
			if runes[i] == ' ' {
				at = i
				break
			}
		}
		pieces = append(pieces, strings.TrimRight(string(runes[:at]), " "))
		runes = []rune(strings.TrimLeft(string(runes[at:]), " "))
	}
	return append(pieces, string(runes))
}

// pad fills a text with spaces up to a width in columns.
func pad(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-utf8.RuneCountInString(text)))
}
