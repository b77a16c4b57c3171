package command

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"container-signing/e2e/internal/supply"
)

// A place is where the files of a test are.
type place struct {
	t   *testing.T
	dir string
	ci  string
}

// in names a file.
func (p place) in(name string) string { return filepath.Join(p.dir, name) }

// TestVerbsUsage asks commands for what can't be done. As in a whole run, it has
// to be found before anything is started.
func TestVerbsUsage(t *testing.T) {
	p := place{t, t.TempDir(), freeAddress(t)}
	own := newIdentity(t, p.in("own"))
	made := e2e(t, "credentials", "--output", p.in("credentials"), "--server", "https://127.0.0.1:1")
	if made.status != 0 {
		t.Fatal(made.stderr)
	}
	kubeconfig := p.in("credentials/kubeconfig")
	for _, cases := range []map[string]usageCase{
		signUsage(p, own), supplyUsage(p), layoutUsage(p), clusterUsage(p, own, kubeconfig),
		clusterNodeUsage(p, own, kubeconfig), attackUsage(p, kubeconfig), faultsUsage(p),
	} {
		for name, one := range cases {
			t.Run(name, func(t *testing.T) { checkUsage(t, one.args, one.words...) })
		}
	}
}

func signUsage(p place, own supply.Identity) map[string]usageCase {
	sign := func(args ...string) []string {
		enough := []string{"sign", "--signer", "true", "--certificate-chain", own.CertificateChain}
		return slices.Concat(enough, []string{"--image", p.ci + "/app:1"}, args)
	}
	return map[string]usageCase{
		"no workers":               {sign("--parallel", "0"), []string{"--parallel 0", "give at least 1"}},
		"workers that aren't many": {sign("--parallel", "many"), []string{"--parallel", `"many"`}},
		"image that can't be": {
			sign("--image", "App:1:2"),
			[]string{`--image "App:1:2"`, "registry.example.com/app:1.0"},
		},
		"empty image": {sign("--image", ""), []string{`--image ""`, "registry.example.com/app:1.0"}},
		"no image": {
			[]string{"sign", "--signer", "true", "--certificate-chain", own.CertificateChain},
			[]string{"--image is missing", "`e2e sign --help`"},
		},
		"no signer": {[]string{"sign", "--image", "app"}, []string{"--signer is missing"}},
		"format that is unknown": {
			sign("--signature-format", "pgp"),
			[]string{"--signature-format", `"pgp"`, "jws, cose"},
		},
		"missing chain": {
			sign("--certificate-chain", "nowhere"),
			[]string{"--certificate-chain", "nowhere: no such file"},
		},
		"chain of no certificates": {
			sign("--certificate-chain", "usage_test.go"),
			[]string{"--certificate-chain", `"usage_test.go"`, "PEM or DER"},
		},
		"no time for the signer": {
			sign("--signer-timeout", "-1s"),
			[]string{"--signer-timeout -1s", "positive duration"},
		},
		"no folder for signatures": {
			sign("--output", p.in("no/file")),
			[]string{`--output "` + p.in("no/file") + `"`, "there is no folder", "make it"},
		},
		"unknown flag of sign": {sign("--colour"), []string{"--colour", "`e2e sign --help` lists the flags"}},
		"argument of sign": {
			sign("app:1"),
			[]string{`unknown argument "app:1"`, "`e2e sign --help` lists the flags"},
		},
	}
}

func supplyUsage(p place) map[string]usageCase {
	image, state := p.ci+"/app:1", p.in("state.json")
	writeFile(p.t, p.in("prose"), "Dear promote,\n")
	return map[string]usageCase{
		"unknown flag of certificates": {
			[]string{"certificates", "--colour"},
			[]string{"--colour", "`e2e certificates --help`"},
		},
		"certificates for nowhere": {[]string{"certificates"}, []string{"--output is missing"}},
		"key spec that is unknown": {
			[]string{"certificates", "--output", p.in("none"), "--key-spec", "RSA-1024"},
			[]string{"--key-spec", `"RSA-1024"`, "RSA-2048"},
		},
		"certificates of a program": {
			[]string{"certificates", "--output", p.in("none"), "--certificate-chain", "usage_test.go"},
			[]string{"--certificate-chain", `"usage_test.go"`, "PEM or DER"},
		},
		"unknown flag of push": {[]string{"push", "--colour"}, []string{"--colour", "`e2e push --help`"}},
		"push without a state": {[]string{"push"}, []string{"--state is missing"}},
		"push of what can't be": {
			[]string{"push", "--state", state, "--image", "App:1:2"},
			[]string{`--image "App:1:2"`},
		},
		"push with no time": {
			[]string{"push", "--state", state, "--timeout", "0s"},
			[]string{"--timeout 0s", "positive duration"},
		},
		"no folder for a state": {
			[]string{"push", "--state", p.in("no/state")},
			[]string{"--state", p.in("no/state"), "make it"},
		},
		"unknown flag of copy": {[]string{"copy", "--colour"}, []string{"--colour", "`e2e copy --help`"}},
		"copy to nowhere":      {[]string{"copy", "--from", image}, []string{"--to is missing"}},
		"copy from what can't be": {
			[]string{"copy", "--from", "App:1:2", "--to", image},
			[]string{`--from "App:1:2"`, "registry.example.com/app:1.0"},
		},
		"copy to what can't be": {
			[]string{"copy", "--from", image, "--to", "App:1:2"},
			[]string{`--to "App:1:2"`, "registry.example.com/app:1.0"},
		},
		"no folder for a copy": {
			[]string{"copy", "--from", image, "--to", image, "--output", p.in("no/file")},
			[]string{"--output", "make it"},
		},
		"unknown flag of promote": {[]string{"promote", "--colour"}, []string{"--colour", "`e2e promote --help`"}},
		"promote without a state": {[]string{"promote"}, []string{"--state is missing"}},
		"promote what wasn't pushed": {
			[]string{"promote", "--state", p.in("nowhere")},
			[]string{"--state", p.in("nowhere"), "no such file"},
		},
		"promote prose": {
			[]string{"promote", "--state", p.in("prose")},
			[]string{"--state", p.in("prose"), "invalid character"},
		},
	}
}

// layoutUsage copies out of OCI image layouts that aren't clear.
func layoutUsage(p place) map[string]usageCase {
	const manifest = `{"digest":"sha256:1","annotations":{"org.opencontainers.image.ref.name":"%d"}}`
	writeFile(p.t, p.in("two/index.json"), fmt.Sprintf(`{"manifests":[`+manifest+`,`+manifest+`]}`, 2, 1))
	to := p.ci + "/app:1"
	return map[string]usageCase{
		"copy of two": {[]string{"copy", "--from", p.in("two"), "--to", to},
			[]string{"looking for the image in", "there are 1, 2\nhint: name one, as " + p.in("two") + ":1"}},
		"copy of none": {[]string{"copy", "--from", p.in("own"), "--to", to},
			[]string{"index.json: no such file", "give the folder of an OCI image layout"}},
		"copy by a broken digest": {
			[]string{"copy", "--from", p.in("two") + "@sha256:1", "--to", to},
			[]string{"--from", `"sha256:1"`},
		},
	}
}

// TestVerbsHelp shows the flags of a command, and no others.
func TestVerbsHelp(t *testing.T) {
	t.Parallel()
	for command, flags := range map[string]string{
		"certificates": "--ca --certificate-chain --key-spec --name --output",
		"push":         "--ci-registry --image --key-id --own-signer --timeout --signature-format --state --verbose",
		"sign": "--certificate-chain --conceal-env --conceal-file --image --key-id --output --parallel " +
			"--plain-http --signature-format --signer --signer-timeout --verbose",
		"copy":        "--from --from-plain-http --output --to --to-plain-http --verbose",
		"promote":     "--ca --ci-registry --keys --timeout --production-registry --state --verbose",
		"trust":       "--ca --trust-policy --trust-store --verbose",
		"forward":     "--lead",
		"credentials": "--output --server",
		"cluster": "--credentials --host --image-verifier --lead --listen --node --timeout --readyz " +
			"--registry --trust",
		"judge": "--accept --await --bypass --ca --kubeconfig --timeout --policies --policy --production-registry " +
			"--report --runs --server --state --verbose --workloads",
		"attack": "--await --kubeconfig --plain-http --policies --report --repository --run --server --signed " +
			"--timeout --verbose",
	} {
		got := e2e(t, command, "--help")
		if got.status != 0 {
			t.Errorf("%s: exit status %d, not 0", command, got.status)
		}
		var named []string
		for _, line := range regexp.MustCompile(`(?m)^  (?:-\w,|   ) (--[a-z-]+)\b`).FindAllStringSubmatch(got.stdout,
			-1) {
			named = append(named, line[1])
		}
		if wanted := append(strings.Fields(flags), "--help"); !sameNames(named, wanted) {
			t.Errorf("%s names the flags %s", command, named)
		}
		if got.stderr != "" || !strings.Contains(got.stdout, "Usage:\n  e2e "+command+" [flags]") {
			t.Errorf("%s: its usage isn't there, or standard error isn't empty: %s", command, got.stderr)
		}
	}
}

// sameNames compares names in any order.
func sameNames(some, others []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(some)), slices.Sorted(slices.Values(others)))
}
