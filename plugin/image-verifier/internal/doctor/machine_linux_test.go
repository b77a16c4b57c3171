package doctor_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"container-signing/internal/pki/pkitest"
	"container-signing/internal/testenv"
	"container-signing/plugin/image-verifier/internal/cri"
	"container-signing/tools"
)

var verifier string // the binary under test

var builtTools = sync.OnceValues(func() (tools.Programs, error) {
	return tools.Build(context.Background(), os.Stderr, "containerd")
})

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
	folder, err := os.MkdirTemp("", "doctor-test")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	verifier = filepath.Join(folder, "notation-image-verifier")
	build := exec.Command("go", "build", "-o", verifier, "container-signing/plugin/image-verifier")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("building the verifier: %w\n%s", err, output)
	}
	return m.Run(), nil
}

// limit bounds what a test waits for.
const limit = time.Minute

// A machine has a real containerd, and the verifier in its place.
type machine struct {
	folder, socket string
	containerd     *exec.Cmd
}

// images makes containerd unpack without a file system of layers, which not all
// machines have in a temporary folder.
const images = `[plugins."io.containerd.cri.v1.images"]
snapshotter = "native"
`

// mainFile is a configuration in which nothing is wrong.
const mainFile = `version = 3
root = "%[1]s/root"
state = "%[1]s/state"
imports = ["conf.d/*.toml"]
disabled_plugins = ["io.containerd.nri.v1.nri"]
[grpc]
address = "%[1]s/socket"
[plugins."io.containerd.transfer.v1.local"]
unpack_config = [{platform = "linux", snapshotter = "native"}]
[plugins."io.containerd.image-verifier.v1.bindir"]
bin_dir = "%[1]s/bin"
` + images

const policy = `{"version": "1.0", "trustPolicies": [{"name": "test",
"registryScopes": ["*"], "signatureVerification": {"level": "strict"},
"trustStores": ["ca:test"], "trustedIdentities": ["*"]}]}`

func newMachine(t *testing.T) *machine {
	t.Helper()
	if testing.Short() {
		t.Skip("needs containerd")
	}
	if os.Geteuid() != 0 {
		t.Skip("containerd needs root")
	}
	folder, err := os.MkdirTemp("", "doctor")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	m := &machine{folder: folder, socket: filepath.Join(folder, "socket")}
	m.write(t, "config.toml", fmt.Sprintf(mainFile, folder))
	m.write(t, "trust/trustpolicy.json", policy)
	pkitest.WriteFiles(t, folder, "EC-256")
	root, err := os.ReadFile(filepath.Join(folder, "root.pem"))
	if err != nil {
		t.Fatal(err)
	}
	m.write(t, "trust/truststore/x509/ca/test/root.pem", string(root))
	m.write(t, "bin/notation-image-verifier", "")
	m.remove(t, "bin/notation-image-verifier")
	if err := os.Link(verifier, filepath.Join(folder, "bin/notation-image-verifier")); err != nil {
		t.Fatal(err)
	}
	return m
}

func (m *machine) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(m.folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (m *machine) remove(t *testing.T, name string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(m.folder, name)); err != nil {
		t.Fatal(err)
	}
}

// start starts containerd, and returns when it tells that it is ready
// (sd_notify(3)). It ends with the test.
func (m *machine) start(t *testing.T, environment ...string) {
	t.Helper()
	programs, err := builtTools()
	if err != nil {
		t.Fatal(err)
	}
	notifications := filepath.Join(m.folder, "ready")
	ready, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: notifications, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		ready.Close()
		_ = os.Remove(notifications) // the folder goes too
	}()
	m.containerd = exec.Command(programs["containerd"], "--config", filepath.Join(m.folder, "config.toml"))
	m.containerd.Env = append(os.Environ(), "NOTIFY_SOCKET="+notifications, "NOTATION_CONFIG="+m.folder+"/trust")
	m.containerd.Env = append(m.containerd.Env, environment...)
	m.containerd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var log bytes.Buffer
	m.containerd.Stdout, m.containerd.Stderr = &log, &log
	if err := m.containerd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.stop)
	if err := ready.SetReadDeadline(time.Now().Add(limit)); err != nil {
		t.Fatal(err)
	}
	if _, err := ready.Read(make([]byte, 100)); err != nil {
		m.stop()
		t.Fatalf("containerd isn't ready: %v\n%s", err, log.String())
	}
}

// stop ends containerd, if it runs.
func (m *machine) stop() {
	if m.containerd != nil {
		_ = m.containerd.Process.Signal(syscall.SIGTERM) // an error says that it has ended
		_ = m.containerd.Wait()
		m.containerd = nil
	}
}

// A diagnosis is how the doctor ends, and what it shows.
type diagnosis struct {
	status int
	text   string
}

// doctor calls the doctor by the name that the verifier is installed by.
func (m *machine) doctor(t *testing.T, args ...string) diagnosis {
	t.Helper()
	program := filepath.Join(m.folder, "bin/notation-image-verifier")
	if _, err := exec.LookPath(program); err != nil {
		program = verifier
	}
	return diagnose(t, exec.Command(program, append([]string{"doctor", "--address", m.socket}, args...)...))
}

func diagnose(t *testing.T, doctor *exec.Cmd) diagnosis {
	t.Helper()
	var stderr bytes.Buffer
	doctor.Stderr = &stderr
	output, err := doctor.Output()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) || stderr.Len() > 0 {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	return diagnosis{doctor.ProcessState.ExitCode(), string(output)}
}

// mustBe checks a diagnosis.
func (d diagnosis) mustBe(t *testing.T, status int, words ...string) {
	t.Helper()
	if d.status != status {
		t.Errorf("exit status %d, not %d", d.status, status)
	}
	for _, word := range words {
		if !strings.Contains(d.text, word) {
			t.Errorf("it doesn't say %q", word)
		}
	}
	if t.Failed() {
		t.Logf("%s", d.text)
	}
}

const (
	on      = 0
	off     = 1
	unknown = 2
)

var canaryName = regexp.MustCompile(`canary "(127\.0\.0\.1:[^"]+)"`)

// checkRemoved checks that the canary of a diagnosis isn't left.
func (m *machine) checkRemoved(t *testing.T, d diagnosis) {
	t.Helper()
	found := canaryName.FindStringSubmatch(d.text)
	if found == nil {
		t.Fatalf("it names no canary:\n%s", d.text)
	}
	client := cri.Open(m.socket)
	defer client.Close()
	if names, err := client.Names(t.Context(), found[1]); err != nil || len(names) > 0 {
		t.Errorf("the canary is left as %q (%v)", names, err)
	}
}
