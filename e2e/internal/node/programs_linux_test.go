package node

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"container-signing/tools"
)

// builtTools returns the tools of a node.
func builtTools(t *testing.T) tools.Programs {
	t.Helper()
	if testing.Short() {
		t.Skip("-short leaves out what needs built tools")
	}
	if err := tools.CheckNode(t.Context()); err != nil {
		t.Skip(err)
	}
	programs, err := tools.Build(t.Context(), os.Stderr, tools.Node()...)
	if err != nil {
		t.Fatal(err)
	}
	return programs
}

// place writes a file of a program's configuration where the test can have it.
func place(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "configuration")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestContainerdReadsIt lets containerd itself read its configuration, and say
// what it makes of it.
func TestContainerdReadsIt(t *testing.T) {
	programs := builtTools(t)
	c := configured("/tmp")
	made, err := c.containerdFiles()
	if err != nil {
		t.Fatal(err)
	}
	content := made.contents[containerdFile]
	dump := func(content string) (string, error) {
		output, err := exec.Command(programs["containerd"], "--config", place(t, content), "config", "dump").Output()
		return string(output), err
	}
	dumped, err := dump(content)
	if err != nil {
		t.Fatalf("%v\n%s", err, dumped)
	}
	seen := parseTOML(t, dumped)
	for want, keys := range map[any][]string{
		tools.PauseImage:         {"plugins", "io.containerd.cri.v1.images", "pinned_images", "sandbox"},
		runFolder + "/verifiers": {"plugins", "io.containerd.image-verifier.v1.bindir", "bin_dir"},
		// Its own setting, on which it depends that an image verifier is asked.
		false: {"plugins", "io.containerd.cri.v1.images", "use_local_image_pull"},
	} {
		if got := at(t, seen, keys...); got != want {
			t.Errorf("%q is %v, not %v", keys, got, want)
		}
	}
	mistyped := strings.Replace(content, "disable_apparmor = true", "disable_apparmor = maybe", 1)
	if output, err := dump(mistyped); err == nil {
		t.Errorf("containerd doesn't mind what it can't read:\n%s", output)
	}
}

// TestKubeletReadsIt lets kubelet itself read its configuration, and end after
// that because it finds no kubeconfig. A setting that it doesn't know it only
// mentions.
func TestKubeletReadsIt(t *testing.T) {
	programs := builtTools(t)
	if os.Geteuid() != 0 {
		t.Skip("kubelet wants to be root")
	}
	ca := filepath.Join(t.TempDir(), "ca.crt")
	c := Configuration{Dir: "/tmp/node", Membership: Membership{CertificateAuthority: ca}}
	content := c.kubeletFiles().contents[kubeletFile]
	const ends = "invalid kubeconfig: stat /nowhere/kubeconfig"
	for name, one := range map[string]struct{ content, words, not string }{
		"ours":             {content, ends, "decoding"},
		"unknown setting":  {content + "serializeImagePull: true\n", `unknown field \"serializeImagePull\"`, "nothing"},
		"another version":  {strings.Replace(content, "/v1beta1", "/v1alpha0", 1), "v1alpha0", ends},
		"a mistyped value": {strings.Replace(content, "failSwapOn: false", "failSwapOn: never", 1), "failSwapOn", ends},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			var output bytes.Buffer
			cmd := exec.CommandContext(ctx, programs["kubelet"], "--config", place(t, one.content),
				"--kubeconfig", "/nowhere/kubeconfig")
			cmd.Stdout, cmd.Stderr = &output, &output
			if err := cmd.Run(); err == nil || ctx.Err() != nil {
				t.Errorf("it has ended by %v", err)
			}
			if said := output.String(); !strings.Contains(said, one.words) || strings.Contains(said, one.not) {
				t.Errorf("it says\n%s", said)
			}
		})
	}
}
