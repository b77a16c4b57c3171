package docs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"container-signing/internal/page"
	"container-signing/internal/testenv"
	"container-signing/tools"
)

// TestDependsOnSources keeps the go command from taking an old result for that
// of the programs that these tests build.
func TestDependsOnSources(t *testing.T) {
	if err := tools.ReadBySubprocess("e2e", "internal", "plugin", "policies", "scripts", "tools"); err != nil {
		t.Fatal(err)
	}
}

// program is e2e, which TestMain builds as docs/running.md says.
var program string

func TestMain(m *testing.M) {
	status, err := testMain(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

func testMain(m *testing.M) (status int, err error) {
	if err := testenv.Clear(); err != nil {
		return 0, err
	}
	folder, err := os.MkdirTemp("", "docs-test-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	running, err := page.Read(filepath.Join(root, "docs/running.md"))
	if err != nil {
		return 0, err
	}
	commands := running.Commands("Exit status")
	program = filepath.Join(folder, "e2e-bin")
	build := exec.Command("sh", "-ec", strings.ReplaceAll(commands, "e2e-bin", program))
	build.Dir = root
	if output, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("building e2e by %q: %w\n%s", commands, err, output)
	}
	return m.Run(), nil
}

// help returns what e2e says about a verb of it, or about itself.
func help(t *testing.T, verb string) string {
	t.Helper()
	output, err := exec.Command(program, strings.Fields(verb+" --help")...).CombinedOutput()
	if err != nil {
		t.Fatalf("e2e %s --help: %v\n%s", verb, err, output)
	}
	return string(output)
}

var (
	// continued is a line that goes on in the next one.
	continued = regexp.MustCompile(`\\\n\s*`)
	// invocation is a command line of e2e, up to what a shell would do with it.
	invocation = regexp.MustCompile(`(?m)go run \./e2e([^\n|;&#>)]*)`)
	flagName   = regexp.MustCompile(`--[a-z][a-z-]*`)
)

// invocations are the arguments of all command lines of e2e on a page, in its
// blocks of commands and in its sentences.
func invocations(p page.Page) []string {
	texts := p.Spans
	for _, block := range p.Blocks {
		texts = append(texts, continued.ReplaceAllString(block.Text, ""))
	}
	var arguments []string
	for _, text := range texts {
		for _, match := range invocation.FindAllStringSubmatch(text, -1) {
			arguments = append(arguments, strings.TrimSpace(match[1]))
		}
	}
	return arguments
}

// unknown returns what a command line of e2e names and its help doesn't.
func unknown(arguments string, help func(verb string) string) (names []string) {
	words := strings.Fields(arguments)
	verb := ""
	if len(words) > 0 && !strings.HasPrefix(words[0], "-") {
		verb = words[0]
		if !regexp.MustCompile(`(?m)^\s.*\b` + regexp.QuoteMeta(verb) + `\s`).MatchString(help("")) {
			return []string{verb}
		}
	}
	for _, name := range flagName.FindAllString(arguments, -1) {
		if name != "--help" && !hasFlag(help(verb), name) {
			names = append(names, name)
		}
	}
	return names
}

// hasFlag tells whether a help lists a flag.
func hasFlag(help, name string) bool {
	return regexp.MustCompile(`(?m)^\s+(-\w, )?` + name + `\b`).MatchString(help)
}

// TestCommandLines makes sure that each command line of e2e in the
// documentation names verbs and flags that there are.
func TestCommandLines(t *testing.T) {
	count := 0
	for name, p := range pages(t) {
		for _, arguments := range invocations(p) {
			count++
			for _, what := range unknown(arguments, func(verb string) string { return help(t, verb) }) {
				t.Errorf("%s: go run ./e2e %s: there is no %s", name, arguments, what)
			}
		}
	}
	if count < 5 {
		t.Errorf("found only %d command lines of e2e", count)
	}
}

// TestUnknown makes sure that what isn't there is noticed.
func TestUnknown(t *testing.T) {
	said := map[string]string{
		"":      "Usage:\n  go run ./e2e judge   judge a cluster\n\nFlags:\n  --keep      keep\n  -v          show\n",
		"judge": "Flags:\n      --server URL   where\n  -v, --verbose   show\n",
	}
	for arguments, wanted := range map[string]string{
		"": "", "--keep": "", "judge": "", "judge --server URL --verbose": "", "judge --help": "",
		"jugde": "jugde", "--kept": "--kept", "--kee": "--kee", "judge --keep": "--keep",
		"judge --serv x --verbose": "--serv",
	} {
		if got := strings.Join(unknown(arguments, func(verb string) string { return said[verb] }), " "); got != wanted {
			t.Errorf("%q: %q is unknown, not %q", arguments, got, wanted)
		}
	}
}

// TestOptions makes sure that the options which docs/running.md explains are
// those of the program, with the values that it names.
func TestOptions(t *testing.T) {
	said := help(t, "")
	var options []string
	for _, table := range pages(t)["docs/running.md"].Tables {
		if table.Section != "Options" {
			continue
		}
		for _, row := range table.Rows[1:] {
			for option := range strings.SplitSeq(row[0], ", ") {
				options = append(options, option)
			}
		}
	}
	if len(options) < 10 {
		t.Errorf("docs/running.md explains only the options %q", options)
	}
	for _, option := range options {
		name, value, _ := strings.Cut(option, " ")
		if !hasFlag(said, name) {
			t.Errorf("docs/running.md explains %s, which `e2e --help` doesn't list", option)
		}
		// What is in capitals stands for a value; so does a duration.
		if value == strings.ToUpper(value) || name == "--timeout" {
			continue
		}
		about, _, _ := strings.Cut(said[strings.Index(said, " "+name+" "):], "\n      --")
		if !regexp.MustCompile(`\b` + regexp.QuoteMeta(value) + `\b`).MatchString(about) {
			t.Errorf("docs/running.md explains %s, and `e2e --help` has no %s", option, value)
		}
	}
}

// others is the section of docs/troubleshooting.md with the messages of tools
// that aren't ours.
const others = "Words of other tools"

var gap = regexp.MustCompile(`…|\d+m\d+s|\d+(\.\d+)+(:\d+)?|\d+|"`)

// TestMessages makes sure that the messages which docs/troubleshooting.md
// explains are those that the programs print.
func TestMessages(t *testing.T) {
	source := sources(t)
	count := 0
	for _, table := range pages(t)["docs/troubleshooting.md"].Tables {
		if table.Section == others {
			continue
		}
		for _, row := range table.Rows[1:] {
			count++
			for _, piece := range gap.Split(row[0], -1) {
				// A short piece, or the system's own words, may be anywhere.
				if piece = strings.TrimSpace(piece); len(piece) >= 8 && piece != ": permission denied" &&
					!printed(source, piece) {
					t.Errorf("no program prints %q, which docs/troubleshooting.md explains", piece)
				}
			}
		}
	}
	if count < 10 {
		t.Errorf("docs/troubleshooting.md explains only %d messages of ours", count)
	}
}

// printed tells whether a source has the words of a message, any of which may
// come from a variable there.
func printed(source, words string) bool {
	fields := strings.Fields(words)
	for i, field := range fields {
		fields[i] = "(" + regexp.QuoteMeta(field) + `|[^\s"]*%[a-z][^\s"]*)`
	}
	return regexp.MustCompile(strings.Join(fields, `\s`)).MatchString(source)
}

// sources are all files from which messages come.
func sources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, folder := range []string{"e2e", "internal", "plugin", "policies", "scripts", "tools"} {
		err := filepath.WalkDir(filepath.Join(root, folder), func(path string, _ os.DirEntry, err error) error {
			prints := slices.Contains([]string{".go", ".sh", ".yaml"}, filepath.Ext(path))
			if err != nil || !prints || strings.HasSuffix(path, "_test.go") {
				return err
			}
			content, err := os.ReadFile(path)
			all.Write(content)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}
