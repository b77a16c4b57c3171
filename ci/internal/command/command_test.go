package command

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"dagger/container-signing/internal/reference"
	"dagger/container-signing/internal/route"
)

func image(t *testing.T, text string) reference.Image {
	t.Helper()
	image, err := reference.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// signing is one with all that it can have.
func signing(t *testing.T) Signing {
	return Signing{
		Signer: "/run/signer", CertificateChain: "/run/chain", KeyID: "release", Timeout: "60s", Envelope: "jws",
		Conceal:  slices.Concat(ConcealFile("/run/secrets/key"), ConcealVariable("TOKEN")),
		Insecure: []string{"--plain-http"}, Parallel: 4, Output: "/tmp/signed.json",
		Images: []reference.Image{image(t, "localhost:5002/a"), image(t, "localhost:5002/b:1")},
	}
}

// A line is a command line, and how it has to read.
type line struct {
	command []string
	want    string
}

// whole are the command lines with all that they can have.
func whole(t *testing.T) []line {
	cluster := Cluster{
		Credentials: "/credentials", Listen: "0.0.0.0:6443", Host: "cluster", Ready: "0.0.0.0:6444",
		Lead: []string{"--lead", "127.0.0.1:5001=registry:5000"},
		Node: &Node{Registry: "127.0.0.1:5001", Verifier: "/verifier", Trust: "/trust"},
	}
	own := Judge{
		Connection: Connection{Kubeconfig: "/kubeconfig", Server: "https://kubernetes:6443"},
		CA:         "/ca", Report: "/report", Workloads: "/workloads", Policies: "/policies",
	}
	run := Judge{
		Connection: Connection{Kubeconfig: "/kubeconfig", Await: "http://cluster:6444/readyz"},
		CA:         "/ca", Report: "/report",
		Run: &Run{State: "/state", Production: "production:1", Policy: "clusterpolicy", Node: true},
	}
	attack := Attack{
		Connection: own.Connection, Report: "/report", Repository: "a.example/scratch", Signed: "a.example/b:1",
		Run: true, PlainHTTP: true,
	}
	local := image(t, "localhost:5012/a:1")
	return []line{
		{Credentials("/folder", "https://cluster:6443"),
			"e2e credentials --output /folder --server https://cluster:6443"},
		{Certificates("/folder", "demonstration"), "e2e certificates --output /folder --name demonstration"},
		{Authorities("/folder", "/chain", "/ca"),
			"e2e certificates --output /folder --certificate-chain /chain --ca /ca"},
		{Trust("/ca", "mine", "/policy"), "e2e trust --ca /ca --trust-store mine --trust-policy /policy"},
		{signing(t).Command(), "e2e sign -v --output /tmp/signed.json --parallel 4 --signer /run/signer " +
			"--certificate-chain /run/chain --key-id release --signer-timeout 60s --signature-format jws " +
			"--conceal-file /run/secrets/key --conceal-env TOKEN --plain-http " +
			"--image localhost:5002/a:latest --image localhost:5002/b:1"},
		{Push("/state", "ci:5000", "/app:1", true),
			"e2e push -v --ci-registry ci:5000 --state /state --image /app:1 --own-signer"},
		{Promote("/state", "/ca", "", "ci:5000", "production:1"),
			"e2e promote -v --ca /ca --state /state --ci-registry ci:5000 --production-registry production:1"},
		{Promote("/state", "/ca", "/keys", "ci:5000", "production:1"),
			"e2e promote -v --ca /ca --state /state --ci-registry ci:5000 --production-registry production:1 " +
				"--keys /keys"},
		{Fetch(local, []string{"--from-plain-http"}, "/app:1"),
			"oras cp --no-tty --from-plain-http localhost:5012/a:1 --to-oci-layout /app:1"},
		{Copy("a:1/b", "c:1/d", "/copied", "--from-plain-http", "--to-plain-http"),
			"e2e copy -v --output /copied --from-plain-http --to-plain-http --from a:1/b --to c:1/d"},
		{Notation("verify", local, []string{"--insecure-registry"}),
			"notation verify --insecure-registry localhost:5012/a:1"},
		{cluster.Command(), "e2e cluster --credentials /credentials --listen 0.0.0.0:6443 --host cluster --node on " +
			"--registry 127.0.0.1:5001 --image-verifier /verifier --trust /trust --readyz 0.0.0.0:6444 " +
			"--lead 127.0.0.1:5001=registry:5000"},
		{own.Command(),
			"e2e judge --report /report --kubeconfig /kubeconfig --server https://kubernetes:6443 --ca /ca " +
				"--workloads /workloads --policies /policies"},
		{run.Command(),
			"e2e judge --report /report --kubeconfig /kubeconfig --await http://cluster:6444/readyz --ca /ca " +
				"--state /state --production-registry production:1 --policy clusterpolicy --runs --bypass"},
		{attack.Command(),
			"e2e attack -v --report /report --kubeconfig /kubeconfig --server https://kubernetes:6443 " +
				"--repository a.example/scratch --signed a.example/b:1 --run --plain-http"},
		{route.Forward([]string{"--lead", "127.0.0.1:1=ci:5000"}, []string{"notation"}),
			"e2e forward --lead 127.0.0.1:1=ci:5000 -- notation"},
	}
}

func TestCommands(t *testing.T) {
	least := []line{
		{Authorities("/folder", "/chain", ""), "e2e certificates --output /folder --certificate-chain /chain"},
		{Trust("/ca", "", ""), "e2e trust --ca /ca"},
		{Push("/state", "ci:5000", "", false), "e2e push -v --ci-registry ci:5000 --state /state"},
		{Fetch(image(t, "busybox"), nil, "/app:1"),
			"oras cp --no-tty docker.io/library/busybox:latest --to-oci-layout /app:1"},
		{Copy("a:1/b", "c:1/d", "/copied"), "e2e copy -v --output /copied --from a:1/b --to c:1/d"},
		{Notation("inspect", image(t, "a.example/b"), nil), "notation inspect a.example/b:latest"},
		{Cluster{Credentials: "/credentials", Listen: ":6443", Host: "cluster"}.Command(),
			"e2e cluster --credentials /credentials --listen :6443 --host cluster"},
		{Judge{Connection: Connection{Kubeconfig: "/kubeconfig"}, CA: "/ca", Report: "/report"}.Command(),
			"e2e judge --report /report --kubeconfig /kubeconfig --ca /ca"},
		{Attack{
			Connection: Connection{Kubeconfig: "/kubeconfig"}, Report: "/report", Repository: "a.example/b",
		}.Command(),
			"e2e attack -v --report /report --kubeconfig /kubeconfig --repository a.example/b"},
	}
	for _, one := range slices.Concat(whole(t), least) {
		if got := strings.Join(one.command, " "); got != one.want {
			t.Errorf("got  %s\nwant %s", got, one.want)
		}
	}
}

// TestPack packs a folder twice, and unpacks it.
func TestPack(t *testing.T) {
	archives := [][]byte{}
	for range 2 {
		root := t.TempDir()
		folder := filepath.Join(root, "bundle")
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"b", "a"} {
			if err := os.WriteFile(filepath.Join(folder, name), []byte(name), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		archive := filepath.Join(root, "bundle.tar")
		packing := Pack(archive, "/bundle")
		packing[slices.Index(packing, "/")] = root
		if output, err := exec.Command(packing[0], packing[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("packing: %v\n%s", err, output)
		}
		content, err := os.ReadFile(archive)
		if err != nil {
			t.Fatal(err)
		}
		archives = append(archives, content)
		unpacking, elsewhere := Unpack(archive), t.TempDir()
		unpacking[slices.Index(unpacking, "/")] = elsewhere
		if output, err := exec.Command(unpacking[0], unpacking[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("unpacking: %v\n%s", err, output)
		}
		if got, err := os.ReadFile(filepath.Join(elsewhere, "bundle", "a")); err != nil || string(got) != "a" {
			t.Errorf("unpacked: %q, %v", got, err)
		}
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("the same content gives two archives")
	}
}

// TestFlagsExist asks the program e2e itself whether it knows the flags that it
// is called with.
func TestFlagsExist(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the program e2e")
	}
	program := filepath.Join(t.TempDir(), "e2e")
	build := exec.Command("go", "build", "-o", program, "./e2e")
	build.Dir, build.Env = "../../..", append(os.Environ(), "GOWORK=off")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building e2e: %v\n%s", err, output)
	}
	checked := 0
	for _, one := range whole(t) {
		command := one.command
		if command[0] != "e2e" {
			continue
		}
		help := exec.Command(program, command[1], "--help")
		help.Dir = "../../.."
		output, err := help.CombinedOutput()
		if err != nil {
			t.Errorf("e2e %s --help: %v\n%s", command[1], err, output)
		}
		for _, word := range command[2:] {
			if word == "--" {
				break
			}
			if !strings.HasPrefix(word, "-") {
				continue
			}
			checked++
			if !regexp.MustCompile(`(?m)(^|[\s,])-?` + regexp.QuoteMeta(word) + `\b`).Match(output) {
				t.Errorf("e2e %s has no flag %s: its help is\n%s", command[1], word, output)
			}
		}
	}
	if checked < 30 {
		t.Errorf("only %d flags were looked at", checked)
	}
}
