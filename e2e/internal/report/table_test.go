package report

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"container-signing/internal/terminal"
)

func TestTable(t *testing.T) {
	t.Parallel()
	for _, width := range []int{40, 80, 100, 140, 1000} {
		narrow := (&table{width: width}).render(bad())
		lines := strings.Split(narrow, "\n")
		if strings.ContainsAny(narrow, "\x1b\x00\t") {
			t.Errorf("width %d: control characters in %q", width, narrow)
		}
		for _, line := range lines {
			// Names and numbers are never cut, whatever the width.
			if terminal.Width(line) > max(width, 2+17+2+8+2+8+2+8+2+reasonWidth+2) {
				t.Errorf("width %d: %d columns in %q", width, terminal.Width(line), line)
			}
		}
		for i, mark := range []string{"✓ admit/pod ", "✓ deny/pod-unsigned ", "✗ deny/pod-other "} {
			if !strings.HasPrefix(lines[i+1], mark) {
				t.Errorf("width %d: got %q, want %q first", width, lines[i+1], mark)
			}
		}
		if !strings.Contains(lines[2], "no signature is as") {
			t.Errorf("width %d: the expected words aren't in %q", width, lines[2])
		}
		joined := strings.Join(strings.Fields(narrow), " ")
		if !strings.Contains(joined, "context deadline exceeded ]]>") {
			t.Errorf("width %d: the reason of a failure isn't there: %s", width, narrow)
		}
		if !strings.Contains(narrow, "FAIL  2 of 3 workloads as expected") || strings.Contains(narrow, "PASS") {
			t.Errorf("width %d: %s", width, narrow)
		}
	}
}

// TestTableOfHostile has in each line what it says and nothing that a terminal
// would obey, and keeps the columns.
func TestTableOfHostile(t *testing.T) {
	t.Parallel()
	r := hostile()
	r.Verdicts = append(r.Verdicts, Verdict{
		Workload: "admit/日本語/🙂", Expected: Admitted, Seen: Admitted, Passed: true, Detail: strings.Repeat("日本語", 50),
	})
	const width = 160
	text := (&table{width: width}).render(r)
	for _, char := range text {
		if char != '\n' && terminal.Printable(string(char)) != string(char) {
			t.Errorf("the table has %U", char)
		}
	}
	if strings.Contains(text, "\xff") {
		t.Error("the table isn't UTF-8")
	}
	header, rest, _ := strings.Cut(text, "\n")
	left, _, found := strings.Cut(header, "EXPECTED")
	if !found {
		t.Fatalf("the header is %q", header)
	}
	at := len(left) // all of it is ASCII
	rows := 0
	for line := range strings.Lines(rest) {
		if terminal.Width(strings.TrimSuffix(line, "\n")) > width {
			t.Errorf("%d columns in %q", terminal.Width(line), line)
		}
		if mark := strings.HasPrefix(line, "✓ ") || strings.HasPrefix(line, "✗ "); !mark {
			continue
		}
		rows++
		before, _, refused := strings.Cut(line, "  refused ")
		if !refused {
			before, _, _ = strings.Cut(line, "  admitted ")
		}
		if terminal.Width(before)+2 != at {
			t.Errorf("the column begins at %d, not %d, in %q", terminal.Width(before)+2, at, line)
		}
	}
	if rows != len(r.Verdicts) {
		t.Errorf("%d rows for %d verdicts", rows, len(r.Verdicts))
	}
}

// TestTableOfLongNames never cuts what tells verdicts apart.
func TestTableOfLongNames(t *testing.T) {
	t.Parallel()
	r := good()
	r.Verdicts[0].Workload = "admit/" + strings.Repeat("long/", 100) + "end"
	if got := (&table{width: 80}).render(r); !strings.Contains(got, r.Verdicts[0].Workload+"  admitted  admitted") {
		t.Errorf("got %s", got)
	}
}

func TestTableSaysWhatIsNotChecked(t *testing.T) {
	t.Parallel()
	const words = "not checked: whether all that is admitted runs"
	for runs, want := range map[string]bool{"": false, Runs: false, RunsNotChecked: true} {
		r := good()
		r.Verdicts[0].Runs = runs
		got := (&table{width: 140}).render(r)
		if strings.Contains(got, words) != want || !strings.Contains(got, "PASS") {
			t.Errorf("with %q the table says %q", runs, got)
		}
	}
}

// TestFirstRunning looks for the time in each form of a report.
func TestFirstRunning(t *testing.T) {
	t.Parallel()
	r := good()
	r.FirstRunningSeconds = 9.87
	got := (&table{width: 140}).render(r)
	if !strings.Contains(got, "in 12.3 s; the first admitted pod ran after 9.9 s\n") {
		t.Errorf("the table says %q", got)
	}
	for name, test := range map[string]struct {
		write func(Report, io.Writer) error
		want  string
	}{
		"JSON":  {Report.WriteJSON, `"firstRunningSeconds": 9.87`},
		"JUnit": {Report.WriteJUnit, `name="seconds until the first admitted pod ran" value="9.870"`},
	} {
		for _, one := range []Report{r, good()} {
			var out bytes.Buffer
			if err := test.write(one, &out); err != nil {
				t.Fatal(err)
			}
			if got := strings.Contains(out.String(), test.want); got != (one.FirstRunningSeconds > 0) {
				t.Errorf("%s: %s", name, out.String())
			}
		}
	}
}

func TestTableColumns(t *testing.T) {
	t.Parallel()
	lines := strings.Split((&table{width: 140}).render(good()), "\n")
	for _, column := range []string{"EXPECTED", "SEEN", "REASON"} {
		at := strings.Index(lines[0], column)
		for _, line := range lines[1:3] {
			if runes := []rune(line); runes[at-1] != ' ' || runes[at] == ' ' {
				t.Errorf("%s isn't above its column in\n%s\n%s", column, lines[0], line)
			}
		}
	}
	if !strings.Contains(lines[4], "PASS  2 of 2 workloads as expected, in 12.3 s") {
		t.Errorf("got %q", lines[4])
	}
}

func TestTableOfErrors(t *testing.T) {
	t.Parallel()
	early := good()
	early.Error, early.Verdicts = "interrupted", nil
	got := (&table{width: 80}).render(early)
	if !strings.Contains(got, "FAIL  0 of 0") || !strings.Contains(got, "interrupted") {
		t.Errorf("got %s", got)
	}
	step := good()
	step.Steps[0].Error = "exit status 1\n    notation sign x\nhint: give a signer"
	got = (&table{width: 80, colour: true}).render(step)
	const explained = "\n       sign <busybox>: exit status 1\n           notation sign x\n       hint: give a signer\n"
	if !strings.Contains(got, "\x1b[31mFAIL\x1b[0m") || !strings.Contains(got, explained) {
		t.Errorf("got %s", got)
	}
}

func TestWriteTable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := good().WriteTable(&out); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Errorf("colour where there is no terminal: %q", &out)
	}
	if err := good().WriteTable(brokenPipe{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v", err)
	}
	file, err := os.Create(t.TempDir() + "/table.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := good().WriteTable(file); err != nil || !bytes.Equal(readFile(t, file.Name()), out.Bytes()) {
		t.Errorf("a file differs from what is no file: %v", err)
	}
}

// TestTableOfOthers names what the verdicts are about.
func TestTableOfOthers(t *testing.T) {
	t.Parallel()
	r := Report{Judged: "mutants", Verdicts: []Verdict{
		{Workload: "mutant/a", Expected: "requests", Seen: "requests", Passed: true},
	}}
	text := (&table{width: 100}).render(r)
	if !strings.HasPrefix(text, "  MUTANT    EXPECTED") || !strings.Contains(text, "PASS  1 of 1 mutants as expected") {
		t.Errorf("the table is\n%s", text)
	}
	var out strings.Builder
	if err := r.WriteJUnit(&out); err != nil || !strings.Contains(out.String(), `classname="mutants.mutant"`) {
		t.Errorf("the cases aren't mutants (%v):\n%s", err, out.String())
	}
}
