package doctor_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTrust has something wrong with what the verifier trusts, in a containerd
// that asks it.
func TestTrust(t *testing.T) {
	t.Parallel()
	m := newMachine(t)
	m.start(t)
	const root = "trust/truststore/x509/ca/test/root.pem"
	whole, err := os.ReadFile(filepath.Join(m.folder, root))
	if err != nil {
		t.Fatal(err)
	}
	level := func(name string) string {
		changed := strings.Replace(policy, "strict", name, 1)
		if name == "skip" {
			changed = strings.NewReplacer(`["ca:test"]`, "[]", `["*"]}]`, "[]}]").Replace(changed)
		}
		return changed
	}
	for _, test := range []struct {
		name string
		harm func()
		says []string
	}{
		{"no policy", func() { m.remove(t, "trust/trustpolicy.json") },
			[]string{"reading the trust policy in", "hint: import"}},
		{"malformed", func() { m.write(t, "trust/trustpolicy.json", "{") }, []string{"reading the trust policy in"}},
		{"skip", func() { m.write(t, "trust/trustpolicy.json", level("skip")) },
			[]string{"asks for no signature on any image", "was pulled"}},
		{"audit", func() { m.write(t, "trust/trustpolicy.json", level("audit")) },
			[]string{"lets in what anybody has signed"}},
		{"empty store", func() { m.remove(t, root) }, []string{`reading trust store "ca:test"`, "notation cert add"}},
		{"garbage in it", func() { m.write(t, root, "garbage") }, []string{`reading trust store "ca:test"`}},
		{"others' to change", func() {
			if err := os.Chmod(filepath.Join(m.folder, root), 0o646); err != nil {
				t.Fatal(err)
			}
		}, []string{"others than root may change", "chmod go-w"}},
		{"another's", func() {
			if err := os.Chown(filepath.Join(m.folder, "trust/trustpolicy.json"), 65534, 0); err != nil {
				t.Fatal(err)
			}
		}, []string{"others than root may change"}},
	} {
		m.remove(t, "trust")
		m.write(t, root, string(whole))
		m.write(t, "trust/trustpolicy.json", policy)
		m.doctor(t).mustBe(t, on)
		test.harm()
		d := m.doctor(t)
		d.mustBe(t, off, test.says...)
		m.checkRemoved(t, d)
		if t.Failed() {
			t.Fatal(test.name)
		}
	}
	// One that is left out by name is no fault, and is told.
	m.remove(t, "trust")
	m.write(t, root, string(whole))
	m.write(t, "trust/trustpolicy.json", strings.Replace(policy, `"trustPolicies": [`,
		`"trustPolicies": [{"name": "pause",
"registryScopes": ["r.example/pause"], "signatureVerification": {"level": "skip"}},`, 1))
	m.doctor(t).mustBe(t, on, "it asks for no signature on r.example/pause")
}
