// Package registry runs OCI registries as processes on loopback.
package registry

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	psnet "github.com/shirou/gopsutil/v4/net"
	psprocess "github.com/shirou/gopsutil/v4/process"

	"container-signing/e2e/internal/process"
	"container-signing/internal/hint"
	"container-signing/internal/terminal"
)

// configuration of a registry that keeps its content in a folder and lets
// manifests be deleted. It listens in plain HTTP.
const configuration = `version: 0.1
log:
  level: info
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: %q
  delete:
    enabled: true
http:
  addr: %q
`

// Start starts the registry called name at address, a host and a port of
// this machine, and returns when it listens there. Its content is kept in dir.
func Start(ctx context.Context, processes *process.Group, program, name, address, dir string) error {
	file, err := configure(dir, address)
	if err != nil {
		return fmt.Errorf("configuring registry %q: %w", name, err)
	}
	registry, err := processes.Start(process.Command{
		Name: "registry-" + name, Path: program, Args: []string{"serve", file},
		// It would otherwise trace each request, and send that to a collector on
		// this machine.
		Env:       []string{"OTEL_TRACES_EXPORTER=none", "OTEL_TRACES_SAMPLER=always_off", process.FewerCollections},
		ReadyLine: regexp.MustCompile(`listening on `),
	})
	if err != nil {
		return err
	}
	return registry.WaitReady(ctx)
}

// configure writes the configuration into dir, which it makes if it is missing.
func configure(dir, address string) (file string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	file = filepath.Join(dir, "config.yaml")
	content := fmt.Appendf(nil, configuration, filepath.Join(dir, "content"), address)
	return file, os.WriteFile(file, content, 0o600)
}

// CheckFree returns an error if address can't be listened on: with the name
// of the process that does, where that can be known.
func CheckFree(flag, address string) error {
	if _, _, err := net.SplitHostPort(address); err != nil {
		err = fmt.Errorf("reading --%s %q: %w", flag, address, err)
		return hint.Add(err, "give a host and a port, such as 127.0.0.1:5002")
	}
	listener, err := net.Listen("tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("--%s %s is taken%s", flag, address, holder(address))
		return hint.Add(err, "end it, or give another address with --%s", flag)
	}
	if err != nil {
		err = fmt.Errorf("listening on --%s %s: %w", flag, address, err)
		return hint.Add(err, "give another address with --%s", flag)
	}
	return listener.Close()
}

// holder tells which process listens on address, or says nothing if that
// can't be known, as of another user's process.
func holder(address string) string {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return ""
	}
	connections, err := psnet.Connections("tcp")
	if err != nil {
		return ""
	}
	for _, connection := range connections {
		if connection.Status != "LISTEN" || fmt.Sprint(connection.Laddr.Port) != port || connection.Pid == 0 {
			continue
		}
		owner, err := psprocess.NewProcess(connection.Pid)
		if err != nil {
			return fmt.Sprintf(" by process %d", connection.Pid)
		}
		command, err := owner.CmdlineSlice()
		if err != nil || len(command) == 0 {
			return fmt.Sprintf(" by process %d", connection.Pid)
		}
		return fmt.Sprintf(" by process %d (%s)", connection.Pid, terminal.OneLine(strings.Join(command, " ")))
	}
	return ""
}
