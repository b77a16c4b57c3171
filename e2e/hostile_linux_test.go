package main_test

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// userFiles are what a user may have: each would change what a run does, or be
// changed by it.
func userFiles(spy string) map[string]string {
	return map[string]string{
		"notation/trustpolicy.json":                                 `{"version":"1.0","trustPolicies":[{"name":"the user's"}]}`,
		"notation/config.json":                                      `{"insecureRegistries":["the.user"]}`,
		"notation/signingkeys.json":                                 `{"default":"the user's","keys":[]}`,
		"notation/truststore/x509/ca/own/a.pem":                     "the user's",
		"notation/plugins/external-signer/notation-external-signer": "#!/bin/sh\necho the user\\'s plugin >&2\nexit 1\n",
		"docker/config.json":                                        `{"credsStore":"` + spy + `"}`,
		"kube/config":                                               "the user's: [",
		"cache/index.json":                                          "the user's",
		"chain.pem":                                                 "the user's",
	}
}

// hostileEnvironment are the variables that lead programs of the chain to the
// files in a folder, to a proxy, or to other behaviour.
func hostileEnvironment(dir, proxy string) []string {
	in := func(name string) string { return filepath.Join(dir, name) }
	return []string{
		"NOTATION_CONFIG=" + in("notation"), "NOTATION_LIBEXEC=" + in("notation"), "NOTATION_CACHE=" + in("cache"),
		"NOTATION_USERNAME=user", "NOTATION_PASSWORD=password", "NOTATION_EXPERIMENTAL=1",
		"DOCKER_CONFIG=" + in("docker"), "ORAS_CACHE=" + in("cache"), "KUBECONFIG=" + in("kube/config"), "KUBECACHEDIR=" + in("cache"),
		"HTTP_PROXY=http://" + proxy, "HTTPS_PROXY=http://" + proxy, "ALL_PROXY=http://" + proxy, "NO_PROXY=",
		"http_proxy=http://" + proxy, "https_proxy=http://" + proxy, "all_proxy=http://" + proxy, "no_proxy=",
		"EXTERNAL_SIGNER=false", "EXTERNAL_CERT_CHAIN=" + in("chain.pem"), "EXTERNAL_TIMEOUT=1ns", "EXTERNAL_PRIVATE_KEY=" + in("chain.pem"),
		"EXTERNAL_PRIVATE_KEY_PASSIN=file:" + in("chain.pem"),
		"ETCD_NAME=other", "ETCD_LISTEN_CLIENT_URLS=http://127.0.0.1:1", "REGISTRY_HTTP_ADDR=127.0.0.1:1",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://" + proxy, "CONTAINERD_ADDRESS=" + in("cache"),
		"KUBERNETES_SERVICE_HOST=127.0.0.1", "KUBERNETES_SERVICE_PORT=1", "KYVERNO_NAMESPACE=other",
		"NOTIFY_SOCKET=" + in("cache"), "PATH=" + in("bin") + ":" + os.Getenv("PATH"),
	}
}

// TestHostileEnvironment runs the whole chain as a user whose environment leads
// everything to files of the user's and to a proxy. None of it may be looked at.
func TestHostileEnvironment(t *testing.T) {
	t.Parallel()
	dir := shortTempDir(t)
	const spy = "spy"
	for name, content := range userFiles(spy) {
		writeFile(t, filepath.Join(dir, name), content)
	}
	writeFile(t, filepath.Join(dir, "bin/docker-credential-"+spy), "#!/bin/sh\ntouch "+filepath.Join(dir, "called")+"\n")
	if err := os.Chmod(filepath.Join(dir, "bin/docker-credential-"+spy), 0o700); err != nil {
		t.Fatal(err)
	}
	proxy, asked := countingListener(t)
	before := contentOf(t, dir)
	opened := watchOpened(t, dir)
	s := newSession(t)
	s.env = hostileEnvironment(dir, proxy)
	if status := s.start().wait(); status != 0 {
		t.Errorf("exit status %d, not 0", status)
	}
	for _, name := range opened() {
		if !strings.HasPrefix(name, filepath.Join(dir, "bin")) { // which every program looks into, to find others
			t.Errorf("the run has opened the user's %s", strings.TrimPrefix(name, dir+"/"))
		}
	}
	if after := contentOf(t, dir); after != before {
		t.Errorf("the user's files have changed from\n%s\nto\n%s", before, after)
	}
	if n := asked(); n > 0 {
		t.Errorf("the proxy was called %d times", n)
	}
}

// TestWatchOpened makes sure that what TestHostileEnvironment looks for can be
// seen.
func TestWatchOpened(t *testing.T) {
	dir := shortTempDir(t)
	file := filepath.Join(dir, "a/b/file")
	writeFile(t, file, "content")
	opened := watchOpened(t, dir)
	if _, err := os.ReadFile(file); err != nil {
		t.Fatal(err)
	}
	if got := opened(); len(got) == 0 || got[0] != file {
		t.Errorf("opened are %v, not %s", got, file)
	}
}

// contentOf returns the names and the content of all files below a folder.
func contentOf(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		fmt.Fprintf(&all, "%s: %s\n", path, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// watchOpened tells which files below a folder are opened from now on, until
// what it returns is called.
func watchOpened(t *testing.T, dir string) (opened func() []string) {
	t.Helper()
	watch, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(watch) }) // it was only read
	folders := map[int32]string{}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		added, err := unix.InotifyAddWatch(watch, path, unix.IN_OPEN|unix.IN_CREATE|unix.IN_DELETE|unix.IN_MOVE)
		folders[int32(added)] = path
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	read := func() []string { return readOpened(t, watch, folders) }
	read() // of the walk itself
	return read
}

// readOpened reads all events that have come (inotify(7)).
func readOpened(t *testing.T, watch int, folders map[int32]string) (names []string) {
	t.Helper()
	buffer := make([]byte, 1<<16)
	for {
		n, err := unix.Read(watch, buffer)
		if err == unix.EAGAIN {
			return names
		}
		if err != nil {
			t.Fatal(err)
		}
		for event := buffer[:n]; len(event) >= unix.SizeofInotifyEvent; {
			folder := folders[int32(binary.NativeEndian.Uint32(event))]
			mask, size := binary.NativeEndian.Uint32(event[4:]), binary.NativeEndian.Uint32(event[12:])
			name := strings.TrimRight(string(event[unix.SizeofInotifyEvent:unix.SizeofInotifyEvent+size]), "\x00")
			if mask&unix.IN_ISDIR == 0 && name != "" {
				names = append(names, filepath.Join(folder, name))
			}
			event = event[unix.SizeofInotifyEvent+size:]
		}
	}
}

// countingListener listens at an address, and counts who has connected.
func countingListener(t *testing.T) (address string, connections func() int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	count := 0
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			count++
			mu.Unlock()
			_ = connection.Close() // nothing was said
		}
	}()
	t.Cleanup(func() { _ = listener.Close() }) // nothing was sent
	return listener.Addr().String(), func() int {
		mu.Lock()
		defer mu.Unlock()
		return count
	}
}
