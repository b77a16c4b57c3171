package terminal_test

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"container-signing/internal/terminal"
)

func TestWidth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"":                     0,
		"abc":                  3,
		"✓ …":                  3, // the same in every locale
		"日本語":                  6,
		"u\u0308ber":           4, // u and a diaeresis
		"e" + stacked:          1,
		"🙂":                    2,
		"\U0001F1E9\U0001F1EA": 2, // two letters that make a flag
	} {
		if got := terminal.Width(text); got != want {
			t.Errorf("%q takes %d columns, not %d", text, got, want)
		}
	}
}

// stacked are many marks on one character.
var stacked = strings.Repeat("\u0301", 200)

// TestWidthInEveryLocale keeps a locale, and a variable that the library reads
// when it is loaded, from moving columns.
func TestWidthInEveryLocale(t *testing.T) {
	t.Parallel()
	for _, variable := range []string{"LC_ALL=ja_JP.UTF-8", "RUNEWIDTH_EASTASIAN=1"} {
		again := exec.Command(os.Args[0], "-test.run=^TestWidth$")
		again.Env = append(os.Environ(), variable)
		if output, err := again.CombinedOutput(); err != nil {
			t.Errorf("with %s: %v\n%s", variable, err, output)
		}
	}
}

func TestOneLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                              "",
		"  a \n\n b\r\nc\t":             "a b c",
		"\x1b[2J\x1b]0;title\x07gone":   "[2J ]0;title gone",
		"\u009b31m":                     "31m", // the one-character form of ESC [
		"user\u202egnp.exe":             "user gnp.exe",
		"zero\u200bwidth\ufeffspaces":   "zero width spaces",
		"a\u2028b\u0085c":               "a b c",
		"bytes \xff\xfe that aren't it": "bytes \uFFFD that aren't it",
		"日本語 stays":                     "日本語 stays",
		"\x00\x7f":                      "",
	} {
		if got := terminal.OneLine(text); got != want {
			t.Errorf("%q became %q, not %q", text, got, want)
		}
	}
}

func TestPrintableKeepsSpaces(t *testing.T) {
	t.Parallel()
	if got := terminal.Printable("  a\tb\x1bc  "); got != "  a b c  " {
		t.Errorf("got %q", got)
	}
}

func TestCutAndPad(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line  string
		width int
		want  string
	}{
		{"fits", 4, "fits"},
		{"fits not", 5, "fits…"},
		{"日本語", 6, "日本語"},
		{"日本語", 5, "日本…"},
		{"日本語", 4, "日…"}, // half a character can't be shown
		{"e" + stacked + "e", 2, "e" + stacked + "e"},
		{"e" + stacked + "ee", 2, "e" + stacked + "…"},
		{"anything", 1, "…"},
	} {
		got := terminal.Cut(c.line, c.width)
		if got != c.want || terminal.Width(got) > c.width {
			t.Errorf("%q cut to %d columns is %q, not %q", c.line, c.width, got, c.want)
		}
		if padded := terminal.Pad(got, 12); terminal.Width(padded) != 12 || strings.TrimRight(padded, " ") != got {
			t.Errorf("%q filled to 12 columns is %q", got, padded)
		}
	}
	if got := terminal.Pad("wider than that", 3); got != "wider than that" {
		t.Errorf("filling cuts: %q", got)
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		line  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"all of it", 10, []string{"all of it"}},
		{"at the last space", 10, []string{"at the", "last space"}},
		{"exactly ten", 7, []string{"exactly", "ten"}},
		{"a sha256:0123456789", 10, []string{"a sha256:0", "123456789"}}, // a space too early is none
		{"    kept at the start", 14, []string{"    kept at", "the start"}},
		{"日本語日本語", 5, []string{"日本", "語日", "本語"}},
		{"日本", 1, []string{"日本"}}, // that can't be done, and it ends all the same
	} {
		if got := terminal.Wrap(c.line, c.width); !slices.Equal(got, c.want) {
			t.Errorf("%q wrapped to %d columns is %q, not %q", c.line, c.width, got, c.want)
		}
	}
}

// FuzzWrap looks for a text of which something gets lost, or that is wider
// than it may be.
func FuzzWrap(f *testing.F) {
	f.Add("at the last space, 日本語", 10)
	f.Add("e"+stacked+" \u200d🙂", 24)
	f.Fuzz(func(t *testing.T, text string, width int) {
		if width < 2 || width > 200 {
			return
		}
		line := terminal.OneLine(text)
		pieces := terminal.Wrap(line, width)
		if joined := strings.Join(pieces, ""); strings.ReplaceAll(joined, " ", "") != strings.ReplaceAll(line, " ", "") {
			t.Errorf("%q became %q", line, pieces)
		}
		for _, piece := range append(pieces, terminal.Cut(line, width)) {
			if terminal.Width(piece) > width || !utf8.ValidString(piece) {
				t.Errorf("%q takes %d columns of %d", piece, terminal.Width(piece), width)
			}
		}
	})
}
