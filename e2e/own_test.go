package main_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

const (
	admitSigned = "apiVersion: v1\nkind: Pod\nmetadata: {name: signed}\nspec: {containers: [{name: a, image: signed}]}\n"
	denyPod     = `apiVersion: v1
kind: Pod
metadata:
  name: NAME
  annotations:
    container-signing/refused-by: require-notation
    container-signing/because: Notation signature
spec: {containers: [{name: a, image: IMAGE}]}
`
)

func deny(name, image string) string {
	return strings.NewReplacer("NAME", name, "IMAGE", image).Replace(denyPod)
}

// TestOwn runs the chain with everything of the user's own: signer, chain, CA,
// image, policies, and workloads, one of which is expected to be refused
// though it must be admitted.
func TestOwn(t *testing.T) {
	t.Parallel()
	dir := shortTempDir(t)
	own := newIdentity(t, dir, "RSA-2048")
	writeFile(t, filepath.Join(dir, "workloads/admit/signed.yaml"), admitSigned)
	writeFile(t, filepath.Join(dir, "workloads/deny/a-unsigned.yaml"), deny("unsigned", "unsigned"))
	writeFile(t, filepath.Join(dir, "workloads/deny/b-signed.yaml"), deny("lie", "signed"))
	if err := os.CopyFS(filepath.Join(dir, "policies"), os.DirFS("../policies/imagevalidatingpolicy")); err != nil {
		t.Fatal(err)
	}
	image := writeLayout(t, filepath.Join(dir, "Our-App"), "v1")
	report := filepath.Join(dir, "report")
	s := newSession(t,
		"--signer", program+" signer", "--certificate-chain", own.chain, "--ca", own.ca, "--key-id", "release",
		"--image", filepath.Join(dir, "Our-App")+":v1", "--workloads", filepath.Join(dir, "workloads"),
		"--policies", filepath.Join(dir, "policies"), "--report", report, "-v")
	s.env = []string{"EXTERNAL_PRIVATE_KEY=" + own.key}
	if status := s.start().wait(); status != 1 {
		t.Errorf("exit status %d, not 1", status)
	}
	stdout := s.text("stdout")
	for _, words := range []string{"\nFAIL  2 of 3 workloads as expected", "✓ admit/signed", "✓ deny/a-unsigned",
		"✗ deny/b-signed", " --id release "} {
		if !strings.Contains(stdout, words) {
			t.Errorf("standard output doesn't say %q", words)
		}
	}
	saved := readReport(t, report)
	for _, reported := range saved.Images {
		if reported.Name == "signed" &&
			(reported.Digest != image || !strings.HasPrefix(reported.Reference, s.production+"/our-app:")) {
			t.Errorf("the signed image is %s with digest %s, not the digest %s of the layout", reported.Reference,
				reported.Digest, image)
		}
	}
	checkOneFailure(t, saved, readJUnit(t, report))
}

func checkOneFailure(t *testing.T, saved savedReport, suites savedSuites) {
	t.Helper()
	if saved.Passed || saved.Error != "" {
		t.Errorf("the report says passed: %v, error %q", saved.Passed, saved.Error)
	}
	if suites.Failures != 1 || suites.Errors != 0 {
		t.Errorf("junit.xml has %d failures and %d errors, not one failure", suites.Failures, suites.Errors)
	}
	for _, verdict := range saved.Verdicts {
		lie := verdict.Workload == "deny/b-signed"
		if verdict.Passed == lie || lie && (verdict.Seen != "admitted" || verdict.Failure == "") {
			t.Errorf("verdict: %+v", verdict)
		}
	}
}

// writeLayout makes an OCI image layout with one image for this machine, and
// returns its digest.
func writeLayout(t *testing.T, folder, tag string) string {
	t.Helper()
	image, err := mutate.ConfigFile(
		mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON),
		&v1.ConfigFile{OS: "linux", Architecture: runtime.GOARCH, Config: v1.Config{Cmd: []string{"app"}}})
	if err != nil {
		t.Fatal(err)
	}
	path, err := layout.Write(folder, empty.Index)
	if err == nil {
		err = path.AppendImage(image,
			layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": tag}))
	}
	if err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}
