package terminal

import (
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// columns measures text as terminals show it: East Asian characters and emoji
// take two columns, what combines with the character before takes none. It
// doesn't depend on the locale, so that a file looks the same wherever it was
// written.
var columns = &runewidth.Condition{StrictEmojiNeutral: true}

// Width is how many columns a line takes.
func Width(line string) int { return columns.StringWidth(line) }

// Printable puts a space for each character that a terminal obeys instead of
// showing it, such as those that begin an escape sequence or turn the direction
// of writing, and for line breaks.
func Printable(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
}

// OneLine makes a line of a text: what isn't printable, and spaces in a row,
// become single spaces.
func OneLine(text string) string {
	return strings.Join(strings.Fields(Printable(text)), " ")
}

// Cut shortens a line to a width. One that is shortened ends in an ellipsis.
func Cut(line string, width int) string { return columns.Truncate(line, width, "…") }

// Pad fills a line with spaces up to a width.
func Pad(line string, width int) string { return columns.FillRight(line, width) }

// Wrap breaks a line into pieces of at most a width, at spaces where there are
// any in the second half of a piece.
func Wrap(line string, width int) []string {
	var pieces []string
	for Width(line) > width {
		at := len(columns.Truncate(line, width, ""))
		if at == 0 { // one character is wider than that
			break
		}
		if space := strings.LastIndexByte(line[:min(at+1, len(line))], ' '); space > 0 && Width(line[:space]) > width/2 {
			at = space
		}
		pieces = append(pieces, strings.TrimRight(line[:at], " "))
		line = strings.TrimLeft(line[at:], " ")
	}
	return append(pieces, line)
}
