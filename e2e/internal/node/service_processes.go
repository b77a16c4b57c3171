package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// ServiceProcesses tells which processes containerd and kubelet of a node are that
// this process has started: by ID and time of the start. It asks the kernel,
// since it is to tell whether they were restarted, and the supervisor does
// that.
func ServiceProcesses(context.Context) (map[string]string, error) {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, fmt.Errorf("listing processes: %w", err)
	}
	children := map[int][]stat{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended meanwhile
		}
		s, err := parseStat(string(content))
		if err != nil {
			return nil, fmt.Errorf("reading %q: %w", file, err)
		}
		children[s.parent] = append(children[s.parent], s)
	}
	found := map[string]string{}
	for todo := children[os.Getpid()]; len(todo) > 0; todo = todo[1:] {
		s := todo[0]
		todo = append(todo, children[s.id]...)
		if slices.Contains([]string{"containerd", "kubelet"}, s.name) {
			found[s.name] = fmt.Sprintf("process %d, started at %s", s.id, s.started)
		}
	}
	return found, nil
}

// stat is what the kernel says of a process (proc_pid_stat(5)).
type stat struct {
	name       string // of the program, at most 15 bytes of it
	id, parent int
	started    string // in ticks of the clock since the machine's start
}

// parseStat reads the fields of a process. Its name, in parentheses, may have
// spaces and parentheses in it.
func parseStat(content string) (s stat, err error) {
	begin, end := strings.Index(content, " ("), strings.LastIndex(content, ") ")
	if begin < 0 || end < begin {
		return s, fmt.Errorf("no name in parentheses in %q", content)
	}
	s.name = content[begin+len(" (") : end]
	rest := strings.Fields(content[end+len(") "):])
	const parent, started = 1, 19 // fields 4 and 22, after the name
	if len(rest) <= started {
		return s, fmt.Errorf("only %d fields in %q", len(rest), content)
	}
	if s.id, err = strconv.Atoi(content[:begin]); err == nil {
		s.parent, err = strconv.Atoi(rest[parent])
	}
	s.started = rest[started]
	return s, err
}
