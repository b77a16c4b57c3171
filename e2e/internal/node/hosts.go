package node

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

const hostsFile = "/etc/hosts"

// leadNames makes the names of the addresses that the node reaches lead to
// addresses of its loopback, one for each name. It returns where to listen, in
// the order of addresses.
func leadNames(addresses []string) ([]string, error) {
	listen, names := slices.Clone(addresses), map[string]string{}
	for i, address := range addresses {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, fmt.Errorf("reading the address %q of what the node reaches: %w", address, err)
		}
		if host == "localhost" || net.ParseIP(host) != nil {
			continue
		}
		if names[host] == "" {
			names[host] = fmt.Sprintf("127.0.1.%d", len(names)+1)
		}
		listen[i] = net.JoinHostPort(names[host], port)
	}
	if len(names) == 0 {
		return listen, nil
	}
	content, err := os.ReadFile(hostsFile)
	if err != nil {
		return nil, fmt.Errorf("reading the names of hosts: %w", err)
	}
	cover := filepath.Join(runFolder, "hosts")
	if err := writeFile(cover, hosts(string(content), names)); err != nil {
		return nil, err
	}
	return listen, mount(cover, hostsFile, "", unix.MS_BIND, "")
}

// hosts returns the content of hosts(5) with other addresses for names.
func hosts(content string, names map[string]string) string {
	var lines []string
	for line := range strings.Lines(content) {
		entry, _, _ := strings.Cut(line, "#")
		fields := strings.Fields(entry)
		if len(fields) < 2 {
			continue
		}
		others := slices.DeleteFunc(fields[1:], func(name string) bool { return names[name] != "" })
		if len(others) > 0 {
			lines = append(lines, fields[0]+" "+strings.Join(others, " "))
		}
	}
	for name, address := range names {
		lines = append(lines, address+" "+name)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n") + "\n"
}
