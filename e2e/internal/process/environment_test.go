package process

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// hostile are variables of the user's that would lead programs of the chain
// astray: to other configuration, credentials, clusters or listeners, or
// through a proxy that sees what is for loopback.
var hostile = []string{
	"NOTATION_CONFIG", "NOTATION_LIBEXEC", "NOTATION_CACHE", "NOTATION_EXPERIMENTAL", "NOTATION_USERNAME",
	"NOTATION_PASSWORD",
	"DOCKER_CONFIG", "DOCKER_AUTH_CONFIG", "REGISTRY_AUTH_FILE", "ORAS_CACHE",
	"HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR",
	"KUBECONFIG", "KUBERC", "KUBECACHEDIR", "KUBE_EDITOR",
	"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
	"ETCD_NAME", "ETCD_LISTEN_CLIENT_URLS", "REGISTRY_HTTP_ADDR", "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY",
	"CONTAINERD_ADDRESS", "CONTAINERD_NAMESPACE", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_TRACES_EXPORTER",
	"KYVERNO_NAMESPACE", "KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT",
	"NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "GOGC", "GODEBUG", "PATHS", "LCD",
}

// setHostile sets them all.
func setHostile(t *testing.T) {
	t.Helper()
	for _, name := range hostile {
		t.Setenv(name, "hostile")
	}
}

// TestInheritance says of each kind what it lets pass of what is hostile to
// others.
func TestInheritance(t *testing.T) {
	setHostile(t)
	t.Setenv("AWS_PROFILE", "of the signer")
	t.Setenv("LC_TIME", "C")
	t.Setenv("SSL_CERT_FILE", "/ca.crt")
	notation := hostile[:4]
	credentials := hostile[4:9]
	for name, one := range map[string]struct {
		Inheritance
		with, without []string
	}{
		"of the machine": {OfMachine, []string{"PATH", "LC_TIME", "SSL_CERT_FILE"},
			append(slices.Clone(hostile), "AWS_PROFILE")},
		"of the user": {
			OfUser, []string{"PATH", "HOME", "AWS_PROFILE", "HTTPS_PROXY", "no_proxy", "KUBECONFIG"},
			slices.Concat(notation, credentials, []string{"ORAS_CACHE"}),
		},
		"with credentials": {
			OfUserWithCredentials, append(slices.Clone(credentials), "PATH", "HOME", "AWS_PROFILE", "HTTPS_PROXY"),
			append(slices.Clone(notation), "ORAS_CACHE"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			var names []string
			for _, variable := range one.Environment() {
				name, value, _ := strings.Cut(variable, "=")
				if value != os.Getenv(name) {
					t.Errorf("%s is %q, not %q", name, value, os.Getenv(name))
				}
				names = append(names, name)
			}
			for _, name := range one.with {
				if !slices.Contains(names, name) {
					t.Errorf("%s is missing", name)
				}
			}
			for _, name := range one.without {
				if slices.Contains(names, name) {
					t.Errorf("%s gets through", name)
				}
			}
		})
	}
}

// variables returns the names of what `env` prints, less what a shell sets.
func variables(t *testing.T, printed string) (names []string) {
	t.Helper()
	for line := range strings.Lines(printed) {
		name, _, _ := strings.Cut(strings.TrimSpace(line), "=")
		if name != "PWD" && name != "OLDPWD" && name != "SHLVL" && name != "_" {
			names = append(names, name)
		}
	}
	return names
}

// TestToolEnvironment gives a tool what it is told to, and by default nothing
// of the user's. What is given wins over what is inherited.
func TestToolEnvironment(t *testing.T) {
	setHostile(t)
	tool := Tool{Path: "/usr/bin/env", Env: []string{"HOME=/of/the/run", "TZ=UTC"}}
	t.Setenv("TZ", "Europe/Helsinki")
	printed, err := tool.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range variables(t, printed) {
		if slices.Contains(hostile, name) && name != "HOME" {
			t.Errorf("the tool gets %s", name)
		}
	}
	if !strings.Contains(printed, "HOME=/of/the/run\n") || !strings.Contains(printed, "TZ=UTC\n") {
		t.Errorf("what is given doesn't win:\n%s", printed)
	}
	tool.Inherits = OfUser
	if printed, err = tool.Run(t.Context()); err != nil || !strings.Contains(printed, "HTTPS_PROXY=hostile\n") {
		t.Errorf("a tool that acts for the user doesn't get the user's proxy (%v):\n%s", err, printed)
	}
}

// TestGroupEnvironment starts a process of a group in a hostile environment and
// in a folder that isn't the group's: it sees neither.
func TestGroupEnvironment(t *testing.T) {
	setHostile(t)
	t.Chdir(t.TempDir())
	group, err := NewGroup(t.Context(), "logs", nil) // a path that the process couldn't find
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(group.Close)
	p := start(t, group, Command{Name: "one", Env: []string{"GIVEN=1"}, ReadyLine: regexp.MustCompile("^HERE=")},
		`env; echo "HERE=$(pwd)"; exec cat /dev/zero > /dev/null`)
	if err := p.WaitReady(group.Context()); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile("logs/one.log")
	if err != nil {
		t.Fatal(err)
	}
	names := variables(t, string(content))
	for _, name := range names {
		if slices.Contains(hostile, name) && name != "HOME" {
			t.Errorf("the process gets %s", name)
		}
	}
	if !slices.Contains(names, "PATH") || !slices.Contains(names, "GIVEN") {
		t.Errorf("the process gets %s", names)
	}
	home, err := filepath.Abs("logs/home")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"HOME=" + home + "\n", "HERE=" + home + "\n"} {
		if !strings.Contains(string(content), line) {
			t.Errorf("it isn't at home, %s:\n%s", line, content)
		}
	}
	if left, err := os.ReadDir(home); err != nil || len(left) > 0 {
		t.Errorf("there is something at home: %v, %v", left, err)
	}
}
