// Package containerd reads how a containerd that runs is configured, and which
// of its settings keep it from asking image verifiers.
package containerd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"container-signing/internal/hint"
)

// defaultConfig is what containerd reads without --config.
const defaultConfig = "/etc/containerd/config.toml"

// A Process is a containerd that runs.
type Process struct {
	ID          int
	arguments   []string
	environment map[string]string
}

// Behind finds the process that serves a Unix socket. An error says that it
// can't be found, or that it is none of containerd.
func Behind(socket string) (Process, error) {
	id, err := peer(socket)
	if err != nil {
		return Process{}, err
	}
	if id == 0 {
		return Process{}, hint.Add(errors.New("its process is in another pid namespace"),
			"run the doctor on the node itself, not in a container")
	}
	p := Process{ID: id}
	arguments, err := os.ReadFile(p.file("cmdline"))
	if err != nil {
		return Process{}, fmt.Errorf("reading its command line: %w", err)
	}
	environment, err := os.ReadFile(p.file("environ"))
	if err != nil {
		return Process{}, fmt.Errorf("reading its environment: %w", err)
	}
	p.arguments, p.environment = split(arguments), map[string]string{}
	for _, variable := range split(environment) {
		name, value, _ := strings.Cut(variable, "=")
		p.environment[name] = value
	}
	if name := filepath.Base(p.Program()); name != "containerd" {
		return Process{}, fmt.Errorf("process %d behind it is %q, not containerd", id, name)
	}
	return p, p.checkPlace()
}

// checkPlace finds a containerd that sees other files, or another loopback,
// than this process.
func (p Process) checkPlace() error {
	for namespace, what := range map[string]string{"mnt": "files", "net": "network interfaces"} {
		own, err := os.Readlink("/proc/self/ns/" + namespace)
		if err != nil {
			return fmt.Errorf("looking which %s this process sees: %w", what, err)
		}
		others, err := os.Readlink(p.file("ns/" + namespace))
		if err != nil {
			return fmt.Errorf("looking which %s process %d sees: %w", what, p.ID, err)
		}
		if own != others {
			return hint.Add(fmt.Errorf("containerd, process %d, sees other %s than the doctor", p.ID, what),
				"run it beside containerd: nsenter --target %d --mount --net -- %s doctor", p.ID, os.Args[0])
		}
	}
	return nil
}

// Program is what the process was started as.
func (p Process) Program() string {
	if len(p.arguments) == 0 {
		return ""
	}
	return p.arguments[0]
}

// Getenv returns a variable of its environment.
func (p Process) Getenv(name string) string { return p.environment[name] }

// mainFile is the file that its --config names.
func (p Process) mainFile() string {
	name := defaultConfig
	for i, argument := range p.arguments {
		flag, value, joined := strings.Cut(strings.TrimLeft(argument, "-"), "=")
		if !strings.HasPrefix(argument, "-") || flag != "config" && flag != "c" {
			continue
		}
		if !joined && i+1 < len(p.arguments) {
			value = p.arguments[i+1]
		}
		name = value
	}
	if !filepath.IsAbs(name) {
		if folder, err := os.Readlink(p.file("cwd")); err == nil {
			name = filepath.Join(folder, name)
		}
	}
	return name
}

// file names what the kernel shows of the process (proc(5)).
func (p Process) file(name string) string { return filepath.Join("/proc", strconv.Itoa(p.ID), name) }

// split splits what is ended by zeros.
func split(content []byte) []string {
	if len(content) == 0 {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(content), "\x00"), "\x00")
}
