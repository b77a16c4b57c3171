package main_test

import (
	"os"
	"testing"
)

func TestSignedIndexByTagAndByDigest(t *testing.T) {
	registry := startRegistry(t)
	n := newNode(t, registry)
	digest := n.push(t, registry+"/app:v1")
	n.sign(t, registry+"/app@"+digest)
	for _, name := range []string{"/app:v1", "/app@" + digest, "/app:v1@" + digest} {
		n.ask(t, registry+name, digest).mustBe(t, accepted, "signature verified on "+registry+"/app@"+digest)
	}
}

func TestSignedPlatformAlone(t *testing.T) {
	registry := startRegistry(t)
	n := newNode(t, registry)
	index := n.push(t, registry+"/app:v1")
	platform := n.resolve(t, registry+"/app:v1", "--platform", "linux/arm64")
	n.sign(t, registry+"/app@"+index)
	// What is signed is the index. A pull of one of its images by its own digest
	// asks for something else.
	n.ask(t, registry+"/app@"+platform, platform).mustBe(t, refused, "no Notation signature on")
	n.sign(t, registry+"/app@"+platform)
	n.ask(t, registry+"/app@"+platform, platform).mustBe(t, accepted)
}

func TestUnsigned(t *testing.T) {
	registry := startRegistry(t)
	n := newNode(t, registry)
	digest := n.push(t, registry+"/app:v1")
	n.ask(t, registry+"/app:v1", digest).mustBe(t, refused, "no Notation signature on "+registry+"/app@"+digest)
}

func TestSignedByAnotherCA(t *testing.T) {
	registry := startRegistry(t)
	n, other := newNode(t, registry), newNode(t, registry)
	digest := n.push(t, registry+"/app:v1")
	other.sign(t, registry+"/app@"+digest)
	n.ask(t, registry+"/app:v1", digest).mustBe(t, refused,
		"accepts no Notation signature on", "certificate chain does not contain any trusted certificate")
	// One good signature is enough, wherever it is among the others.
	n.sign(t, registry+"/app@"+digest)
	n.ask(t, registry+"/app:v1", digest).mustBe(t, accepted)
}

func TestCopied(t *testing.T) {
	registry := startRegistry(t)
	n := newNode(t, registry)
	digest := n.push(t, registry+"/app:v1")
	n.sign(t, registry+"/app@"+digest)
	n.must(t, "oras", "cp", "--no-tty", "--from-plain-http", "--to-plain-http", registry+"/app:v1", registry+"/bare:v1")
	n.ask(t, registry+"/bare:v1", digest).mustBe(t, refused, "no Notation signature on")
	n.must(t, "oras", "cp", "--no-tty", "-r", "--from-plain-http", "--to-plain-http",
		registry+"/app:v1", registry+"/whole:v1")
	n.ask(t, registry+"/whole:v1", digest).mustBe(t, accepted)
}

// The signature of one image attached to another is a valid signature, though
// not of that image.
func TestSignatureOfAnotherImage(t *testing.T) {
	registry := startRegistry(t)
	n := newNode(t, registry)
	n.push(t, registry+"/app:v1")
	n.sign(t, registry+"/app:v1")
	signature := n.must(t, "oras", "discover", "--plain-http",
		"--format", "go-template={{(index .referrers 0).digest}}", registry+"/app:v1")
	blob := n.must(t, "oras", "manifest", "fetch", "--plain-http",
		"--format", "go-template={{(index .content.layers 0).digest}}", registry+"/app@"+signature)
	n.must(t, "oras", "blob", "fetch", "--plain-http", "--no-tty", "--output", "signature", registry+"/app@"+blob)
	other := n.pushOther(t, registry+"/app:v2")
	n.must(t, "oras", "attach", "--plain-http", "--no-tty", "--artifact-type", "application/vnd.cncf.notary.signature",
		registry+"/app@"+other, "signature:application/cose")
	n.ask(t, registry+"/app:v2", other).mustBe(t, refused, "accepts no Notation signature on")
}

// containerd has resolved the tag; where it points to by now doesn't matter.
func TestDigestThatTheTagDoesNotName(t *testing.T) {
	registry := startRegistry(t)
	n := newNode(t, registry)
	unsigned := n.pushOther(t, registry+"/app:v1")
	signed := n.push(t, registry+"/app:v1")
	n.sign(t, registry+"/app@"+signed)
	n.ask(t, registry+"/app:v1", unsigned).mustBe(t, refused, "no Notation signature on "+registry+"/app@"+unsigned)
	n.ask(t, registry+"/app@"+signed, unsigned).mustBe(t, undecided, "name two images")
}

func TestPolicyDecides(t *testing.T) {
	registry := startRegistry(t)
	n := newNode(t, registry)
	digest := n.push(t, registry+"/app:v1")
	use := func(policy string) {
		t.Helper()
		n.write(t, "config/trustpolicy.json", policy)
	}
	use(policyOf(registry+"/app", "skip"))
	n.ask(t, registry+"/app:v1", digest).mustBe(t, accepted, `trust policy "test" asks for no signature`)
	use(policyOf(registry+"/other", "strict"))
	n.ask(t, registry+"/app:v1", digest).mustBe(t, undecided, "no applicable")

	newNode(t, registry).sign(t, registry+"/app@"+digest)
	use(policyOf("*", "audit"))
	n.ask(t, registry+"/app:v1", digest).mustBe(t, accepted, "although its authenticity isn't verified")
}

// An image isn't accepted where the reason can't be printed.
func TestReasonThatNobodyReads(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	registry := startRegistry(t)
	n := newNode(t, registry)
	digest := n.push(t, registry+"/app:v1")
	n.sign(t, registry+"/app@"+digest)
	if status := n.statusWith(t, full, registry+"/app:v1", digest); status != undecided {
		t.Errorf("exit status %d", status)
	}
}
