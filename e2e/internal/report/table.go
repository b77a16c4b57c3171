package report

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"container-signing/internal/terminal"
)

const (
	// plainWidth is the width, in columns, where there is no terminal.
	plainWidth = 140
	// reasonWidth is the least that is left for reasons.
	reasonWidth = 24
	indentation = "       "
)

// WriteTable writes a verdict a line for a person to read, below each that
// didn't pass all that is known about it, and at the end PASS or FAIL. Lines
// are cut to the width of the terminal that out is; colour is for terminals
// only, and not if NO_COLOR is set (https://no-color.org).
func (r Report) WriteTable(out io.Writer) error {
	t := table{width: plainWidth}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 0 {
			t.width = width
		}
		t.colour = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
	}
	_, err := io.WriteString(out, t.render(r))
	return err
}

// A table renders a report for a terminal.
type table struct {
	width  int // columns
	colour bool
	strings.Builder
}

func (t *table) render(r Report) string {
	if len(r.Verdicts) > 0 {
		t.verdicts(strings.ToUpper(strings.TrimSuffix(r.judged(), "s")), r.Verdicts)
	}
	judged := fmt.Sprintf("%d of %d %s as expected", len(r.Verdicts)-r.failedVerdicts(), len(r.Verdicts), r.judged())
	running := ""
	if r.FirstRunningSeconds > 0 {
		running = fmt.Sprintf("; the first admitted pod ran after %.1f s", r.FirstRunningSeconds)
	}
	if count(r.Verdicts, func(v Verdict) bool { return v.Runs == RunsNotChecked }) > 0 {
		running += "; not checked: whether all that is admitted runs"
	}
	if r.Passed() {
		fmt.Fprintf(t, "\n%s  %s, in %.1f s%s\n", t.green("PASS"), judged, r.Seconds, running)
		return t.String()
	}
	fmt.Fprintf(t, "\n%s  %s, after %.1f s%s\n", t.red("FAIL"), judged, r.Seconds, running)
	for _, step := range r.Steps {
		if step.Error != "" {
			t.paragraph(step.Name + ": " + step.Error)
		}
	}
	if r.Error != "" && r.failedSteps() == 0 {
		t.paragraph(r.Error)
	}
	return t.String()
}

// verdicts writes the rows, below the name of what each is about.
func (t *table) verdicts(title string, verdicts []Verdict) {
	name := terminal.Width(title)
	for _, v := range verdicts {
		name = max(name, terminal.Width(terminal.OneLine(v.Workload)))
	}
	left := max(reasonWidth, t.width-len("  ")-name-len("  admitted  admitted  12.34 s  "))
	fmt.Fprintf(t, "  %s  EXPECTED  SEEN         TIME  REASON\n", terminal.Pad(title, name))
	for _, v := range verdicts {
		mark := t.green("✓")
		if !v.Passed {
			mark = t.red("✗")
		}
		fmt.Fprintf(t, "%s %s  %s  %s  %5.2f s  %s\n", mark, terminal.Pad(terminal.OneLine(v.Workload), name),
			terminal.Pad(v.Expected, 8), terminal.Pad(v.Seen, 8), v.Seconds, v.summary(left))
		if !v.Passed {
			t.paragraph(v.explain())
		}
	}
}

// paragraph writes a text of one or more lines, indented and wrapped.
func (t *table) paragraph(text string) {
	for line := range strings.Lines(strings.TrimSpace(text)) {
		line = terminal.Printable(strings.TrimRight(line, " \r\n"))
		for _, piece := range terminal.Wrap(line, max(reasonWidth, t.width-len(indentation))) {
			fmt.Fprintf(t, "%s\n", strings.TrimRight(indentation+piece, " "))
		}
	}
}

func (t *table) green(text string) string { return t.coloured("32", text) }
func (t *table) red(text string) string   { return t.coloured("31", text) }

func (t *table) coloured(code, text string) string {
	if !t.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
