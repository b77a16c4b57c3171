package command

import (
	"crypto/x509"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"container-signing/internal/pki/pkitest"
)

// A usageCase is something that can't be done, and what e2e says about it.
type usageCase struct {
	args  []string
	words []string
}

// usageCases are those that need no files.
func usageCases() map[string]usageCase {
	return map[string]usageCase{
		"unknown flag": {[]string{"--colour"}, []string{"--colour", "\nhint: `e2e --help` lists the flags"}},
		"unknown command": {
			[]string{"notarize"},
			[]string{`unknown command "notarize"`, "\nhint: `e2e --help` lists the commands"},
		},
		"mistyped command": {
			[]string{"sgin"},
			[]string{`unknown command "sgin"`, "\nhint: did you mean `e2e sign`?"},
		},
		"argument after a flag": {[]string{"-v", "now"}, []string{`unknown command "now"`}},
		"argument of tools":     {[]string{"tools", "oras"}, []string{`unknown argument "oras"`, "`e2e tools --help`"}},
		"unknown key spec": {
			[]string{"--key-spec", "RSA-1024"},
			[]string{"--key-spec", `"RSA-1024"`, "RSA-2048, RSA-3072"},
		},
		"unknown format": {[]string{"--signature-format", "pgp"}, []string{"--signature-format", `"pgp"`, "jws, cose"}},
		"unknown policy": {
			[]string{"--policy", "opa"},
			[]string{`--policy "opa"`, "imagevalidatingpolicy, clusterpolicy", "--policies"},
		},
		"mutants by no expression": {
			[]string{"mutants", "--only", "("}, []string{"reading --only: ", "missing closing )"},
		},
		"mutants of no name": {
			[]string{"mutants", "--only", "no such mutant"},
			[]string{
				`--only "no such mutant" fits the name of no mutant`,
				`such as "require-notation: CREATE of pods left out"`,
			},
		},
		"same registries": {
			[]string{"--ci-registry", "127.0.0.1:7", "--production-registry", "127.0.0.1:7"},
			[]string{"127.0.0.1:7", "different addresses"},
		},
		"registry without a port": {
			[]string{"--ci-registry", "localhost"},
			[]string{`--ci-registry "localhost"`, "127.0.0.1:5002"},
		},
		"registry elsewhere": {
			[]string{"--ci-registry", "192.0.2.1:5002"},
			[]string{"--ci-registry 192.0.2.1:5002", "another address"},
		},
		"signer without chain": {
			[]string{"--signer", "true"},
			[]string{"--signer and --certificate-chain belong together"},
		},
		"chain without signer": {
			[]string{"--certificate-chain", "x"},
			[]string{"--signer and --certificate-chain belong together"},
		},
		"CA without signer":      {[]string{"--ca", "x"}, []string{"--ca x without --signer"}},
		"timeout that isn't one": {[]string{"--timeout", "soon"}, []string{`"soon"`, "--timeout"}},
		"no timeout":             {[]string{"--timeout", "0s"}, []string{"--timeout", "90s"}},
		"image that can't be":    {[]string{"--image", "Busybox:latest:1"}, []string{`--image "Busybox:latest:1"`}},
		"missing workloads": {
			[]string{"--workloads", "nowhere"},
			[]string{"--workloads", "nowhere: no such file or directory"},
		},
		"missing policies": {
			[]string{"--policies", "nowhere"},
			[]string{"--policies", "nowhere: no such file or directory"},
		},
		"file for workloads": {
			[]string{"--workloads", "usage_test.go"},
			[]string{"--workloads", `"usage_test.go" is a file`},
		},
		"report below a file": {
			[]string{"--report", "usage_test.go/report"},
			[]string{`--report "usage_test.go/report"`, "give a folder"},
		},
		"missing chain": {
			[]string{"--signer", "true", "--certificate-chain", "nowhere"},
			[]string{"--certificate-chain", "nowhere: no such file or directory"},
		},
		"chain of no certificates": {
			[]string{"--signer", "true", "--certificate-chain", "usage_test.go"},
			[]string{"--certificate-chain", `"usage_test.go"`, "PEM or DER"},
		},
	}
}

// usageCasesIn are those that need files in dir.
func usageCasesIn(t *testing.T, dir string) map[string]usageCase {
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, content := range map[string]string{
		"none/README":             "nothing\n",
		"prose/admit/prose.yaml":  "Dear cluster,\n",
		"prose-policy/prose.yaml": "Dear cluster,\n",
		"place/pod.yaml":          "kind: Pod\n",
		"reason/deny/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n" +
			"spec: {containers: [{name: a, image: unsigned}]}\n",
		"no-policy/deployment.yaml":      "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n",
		"nameless/policy.yaml":           "apiVersion: policies.kyverno.io/v1\nkind: ImageValidatingPolicy\n",
		"unreadable/admit/pod.yaml/file": "",
	} {
		writeFile(t, in(name), content)
	}
	own, other := newIdentity(t, in("own")), newIdentity(t, in("other"))
	signer := []string{"--signer", "true", "--certificate-chain"}
	return map[string]usageCase{
		"folder without workloads":     {[]string{"--workloads", in("none")}, []string{in("none")}},
		"workload that is no manifest": {[]string{"--workloads", in("prose")}, []string{in("prose/admit/prose.yaml")}},
		"workload in no folder": {
			[]string{"--workloads", in("place")},
			[]string{in("place/pod.yaml"), "admit/ or deny/"},
		},
		"refusal without a reason": {
			[]string{"--workloads", in("reason")},
			[]string{in("reason/deny/pod.yaml"), "container-signing/refused-by"},
		},
		"workload that can't be read": {
			[]string{"--workloads", in("unreadable")},
			[]string{in("unreadable/admit/pod.yaml")},
		},
		"folder without policies": {[]string{"--policies", in("none")}, []string{in("none"), "*.yaml"}},
		"policy that is no manifest": {
			[]string{"--policies", in("prose-policy")},
			[]string{in("prose-policy/prose.yaml")},
		},
		"policy that is something else": {
			[]string{"--policies", in("no-policy")},
			[]string{in("no-policy/deployment.yaml"), `Deployment "a" is no policy`},
		},
		"policy without a name": {
			[]string{"--policies", in("nameless")},
			[]string{in("nameless/policy.yaml"), "metadata.name"},
		},
		"expired certificate": {
			append(slices.Clone(signer), expired(t, in("expired.crt"))),
			[]string{"--certificate-chain", "CN=expired", "renew it"},
		},
		"chain without a root": {
			append(slices.Clone(signer), leafOf(t, own.CertificateChain, in("leaf.crt"))),
			[]string{"--certificate-chain", "add the root"},
		},
		"CA of another chain": {
			append(slices.Clone(signer), own.CertificateChain, "--ca", other.CA),
			[]string{"--ca", other.CA, own.CertificateChain},
		},
		"missing CA": {
			append(slices.Clone(signer), own.CertificateChain, "--ca", in("nowhere")),
			[]string{"--ca", in("nowhere")},
		},
	}
}

// expired writes a self-signed certificate that has expired.
func expired(t *testing.T, path string) string {
	t.Helper()
	certificate := pkitest.Root(t, "expired", func(template *x509.Certificate) {
		template.NotBefore, template.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	})
	writeFile(t, path, string(certificate.PEM()))
	return path
}

// leafOf writes the first certificate of a chain to another file.
func leafOf(t *testing.T, chain, path string) string {
	t.Helper()
	content, err := os.ReadFile(chain)
	if err != nil {
		t.Fatal(err)
	}
	const end = "-----END CERTIFICATE-----\n"
	first, _, _ := strings.Cut(string(content), end)
	writeFile(t, path, first+end)
	return path
}
