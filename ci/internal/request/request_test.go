package request

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// refused makes sure that an error says what is wrong, and what to do.
func refused(t *testing.T, what string, err error, says, advice string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), "\nhint: "+advice) {
		t.Errorf("%s: %v", what, err)
	}
}

func TestSigner(t *testing.T) {
	for _, whole := range []Signer{
		{},
		{Program: true, CertificateChain: true},
		{Program: true, CertificateChain: true, Key: true},
		{Program: true, CertificateChain: true, CA: true, Key: true},
	} {
		if err := whole.Check(); err != nil {
			t.Errorf("%+v: %v", whole, err)
		}
	}
	for _, half := range []Signer{{Program: true}, {CertificateChain: true}, {Program: true, CA: true, Key: true}} {
		refused(t, "half a signer", half.Check(), "--signer and --certificate-chain belong together", "give both")
	}
	for _, none := range []Signer{{CA: true}, {Key: true}, {CA: true, Key: true}} {
		refused(t, "no signer", none.Check(), "--ca and --key are a signer's", "give --signer and --certificate-chain")
	}
}

// TestPolicies makes sure that the kinds are those that the project has.
func TestPolicies(t *testing.T) {
	policies, err := filepath.Glob("../../../policies/*/require-notation.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, policy := range policies {
		kinds = append(kinds, filepath.Base(filepath.Dir(policy)))
	}
	if !slices.Equal(kinds, Policies) {
		t.Errorf("policies/ has %q, and %q are known", kinds, Policies)
	}
}

func TestKnown(t *testing.T) {
	for _, kind := range Policies {
		if err := Policy(kind); err != nil {
			t.Error(err)
		}
	}
	for _, format := range Envelopes {
		if err := Envelope(format); err != nil {
			t.Error(err)
		}
	}
	refused(t, "a policy", Policy("nosuch"), `reading --policy "nosuch"`, "give clusterpolicy or imagevalidatingpolicy")
	refused(t, "no policy", Policy(""), `reading --policy ""`, "give ")
	refused(t, "an envelope", Envelope("JWS"), `reading --signature-format "JWS"`, "give cose or jws")
}

func TestTimeout(t *testing.T) {
	for _, value := range []string{"60s", "1h30m", "500ms"} {
		if err := Timeout("signer-timeout", value); err != nil {
			t.Error(err)
		}
	}
	for _, value := range []string{"", "60", "0s", "-1m", "soon"} {
		refused(t, "a timeout", Timeout("signer-timeout", value), "reading --signer-timeout", "give a time such as 90s")
	}
}

func TestImages(t *testing.T) {
	for _, test := range []struct {
		texts   []string
		service bool
	}{
		{texts: []string{"localhost:5002/a", "localhost:5002/b"}, service: true},
		{texts: []string{"localhost:5002/a", "registry.example.com/b"}},
		{texts: []string{"busybox"}},
	} {
		images, err := Images(test.texts, test.service)
		if err != nil || len(images) != len(test.texts) {
			t.Errorf("%q: %v, %v", test.texts, images, err)
		}
	}
	_, err := Images(nil, false)
	refused(t, "no image", err, "there is nothing to sign", "name an image by --image")
	_, err = Images([]string{"localhost:5002/a", "localhost:5001/a"}, true)
	says := `"localhost:5002/a" and "localhost:5001/a" are in two registries`
	refused(t, "two registries", err, says, "sign them one by one")
	_, err = Images([]string{"localhost:5002/a", "localhost:5002/A"}, true)
	refused(t, "a wrong name", err, `"localhost:5002/A"`, "give an image in a registry")
}

func TestAttacked(t *testing.T) {
	for _, test := range []struct {
		repository, signed string
		service            bool
		want               int
	}{
		{"localhost:5001/scratch", "", true, 1},
		{"localhost:5001/scratch", "localhost:5001/app:1", true, 2},
		{"registry.example.com/scratch", "other.example.com/app:1", false, 2},
	} {
		images, err := Attacked(test.repository, test.signed, test.service)
		if err != nil || len(images) != test.want || images[0].Repository() != test.repository {
			t.Errorf("%+v: %v, %v", test, images, err)
		}
	}
	for _, none := range []string{"", "a.example/b:1", "localhost:5001", "a.example/b@sha256:1", "a.example/B"} {
		_, err := Attacked(none, "", false)
		refused(t, none, err, "it is no repository", "give it without a tag")
	}
	_, err := Attacked("a.example/b", "a.example/B", false)
	refused(t, "a wrong name", err, `reading --signed`, "give an image in a registry")
	_, err = Attacked("localhost:5001/b", "a.example/b", true)
	refused(t, "two registries", err, "are in two registries", "copy the image")
}

func TestNoImage(t *testing.T) {
	if err := NoImage(false, false); err != nil {
		t.Error(err)
	}
	for _, given := range [][2]bool{{true, false}, {false, true}, {true, true}} {
		refused(t, "a registry of nothing", NoImage(given[0], given[1]), "there is none", "name the image by --image")
	}
}

func TestConnection(t *testing.T) {
	for _, whole := range [][2]bool{{false, false}, {true, false}, {true, true}} {
		if err := Connection(whole[0], whole[1]); err != nil {
			t.Errorf("%v: %v", whole, err)
		}
	}
	refused(t, "an API server alone", Connection(false, true), "reading --api-server", "give its --kubeconfig")
}

func TestNode(t *testing.T) {
	for _, whole := range [][3]bool{{false, false, false}, {false, true, false}, {true, true, true}} {
		if err := Node(whole[0], whole[1], whole[2]); err != nil {
			t.Errorf("%v: %v", whole, err)
		}
	}
	for _, half := range [][3]bool{{true, false, false}, {true, true, false}, {true, false, true}} {
		refused(t, "half a node", Node(half[0], half[1], half[2]), "preparing --node", "give --registry and --ca")
	}
}

func TestAssignment(t *testing.T) {
	for text, want := range map[string][2]string{
		"NAME=value": {"NAME", "value"}, "NAME=": {"NAME", ""}, "URL=http://x/?a=b": {"URL", "http://x/?a=b"},
	} {
		name, value, err := Assignment(text)
		if err != nil || name != want[0] || value != want[1] {
			t.Errorf("%s: got %q, %q, %v", text, name, value, err)
		}
	}
	for _, text := range []string{"", "NAME", "=value"} {
		_, _, err := Assignment(text)
		refused(t, "an assignment", err, "it isn't NAME=VALUE", "a secret is given by --secrets")
	}
}
