// Package scripts_test runs each signer as the plugin runs it, and through
// the real notation and plugin.
package scripts_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"container-signing/internal/keyspec"
	"container-signing/internal/pki"
	"container-signing/internal/pki/pkitest"
	"container-signing/internal/testenv"
)

// programs is a folder for what the tests build, removed at the end.
var programs string

func TestMain(m *testing.M) {
	err := testenv.Clear()
	if err == nil {
		programs, err = os.MkdirTemp("", "scripts-test-")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	if err := os.RemoveAll(programs); err != nil {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// A keySpec is a key spec with the one key of it that all tests use.
type keySpec struct {
	keyspec.Spec
	key func() crypto.Signer
}

var keySpecs = func() (all []keySpec) {
	for _, spec := range keyspec.All() {
		all = append(all, keySpec{spec, sync.OnceValue(func() crypto.Signer {
			key, err := pki.NewKey(spec.Name)
			if err != nil {
				panic(err)
			}
			return key
		})})
	}
	return all
}()

func specNamed(name string) keySpec {
	for _, spec := range keySpecs {
		if spec.Name == name {
			return spec
		}
	}
	panic("no key spec " + name)
}

// payloads are like JWS's (ASCII) and like COSE's (any bytes).
var payloads = map[string][]byte{
	"text":   []byte("eyJhbGciOiJQUzM4NCJ9.eyJ0YXJnZXRBcnRpZmFjdCI6e319"),
	"binary": {0x84, 0x00, '\n', 0xff, 0x00, '\r', '\n', 0x1a, 0x00, '\n'},
}

// keyFile writes spec's private key to a PEM file.
func keyFile(t *testing.T, spec keySpec) string {
	t.Helper()
	return writeFile(t, "key.pem", pkitest.KeyPEM(t, spec.key()))
}

func writeFile(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// environment is what a signer gets from the plugin and, in more, from its user.
func (k keySpec) environment(more ...string) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"),
		"SIGNER_KEY_ID=release",
		"SIGNER_KEY_SPEC=" + k.Name,
		"SIGNER_HASH_ALGORITHM=" + k.Hash.String(),
		"SIGNER_SIGNING_ALGORITHM=" + k.SigningAlgorithm,
	}, more...)
}

// verify verifies as strictly as the strictest verifier: the salt of PSS has
// to be as long as the digest, ECDSA has to be r‖s, or DER where der is set.
func (k keySpec) verify(t *testing.T, payload, signature []byte, der bool) {
	t.Helper()
	digest, good := k.Digest(payload), false
	switch public := k.key().Public().(type) {
	case *rsa.PublicKey:
		options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
		good = rsa.VerifyPSS(public, k.Hash, digest, signature, options) == nil
	case *ecdsa.PublicKey:
		if der {
			good = ecdsa.VerifyASN1(public, digest, signature)
		} else if half := len(signature) / 2; len(signature) == k.SignatureSize() {
			r, s := new(big.Int).SetBytes(signature[:half]), new(big.Int).SetBytes(signature[half:])
			good = ecdsa.Verify(public, digest, r, s)
		}
	}
	if !good {
		t.Errorf("signature of %d bytes doesn't verify", len(signature))
	}
}

// sign signs as Notation wants it.
func (k keySpec) sign(payload []byte) []byte {
	signature, err := keyspec.Sign(k.key(), payload)
	if err != nil {
		panic(err)
	}
	return signature
}

// ended is how a signer ended.
type ended struct {
	stdout []byte
	stderr string
	err    error
}

// run runs a signer to its end, and fails the test if it leaves a temporary
// file behind.
func run(t *testing.T, program string, environment []string, payload []byte) ended {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	path, err := filepath.Abs(program)
	if err != nil {
		t.Fatal(err)
	}
	temporary := t.TempDir()
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, path)
	command.Env = append(environment, "TMPDIR="+temporary)
	command.Stdin, command.Stdout, command.Stderr = bytes.NewReader(payload), &stdout, &stderr
	command.WaitDelay = time.Second
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // no terminal
	err = command.Run()
	if ctx.Err() != nil {
		t.Fatalf("%s hung; it said: %s", program, &stderr)
	}
	assertEmpty(t, temporary)
	return ended{stdout.Bytes(), stderr.String(), err}
}

func assertEmpty(t *testing.T, folder string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		t.Errorf("left behind: %s", entry.Name())
	}
}

// assertRefused fails the test unless the signer ended with an error that
// says each of words, and without a signature.
func (e ended) assertRefused(t *testing.T, words ...string) {
	t.Helper()
	if e.err == nil {
		t.Fatalf("ended with status 0 and %d bytes, want an error", len(e.stdout))
	}
	if len(e.stdout) > 0 {
		t.Errorf("wrote %d bytes to standard output with its error", len(e.stdout))
	}
	for _, word := range words {
		if !strings.Contains(e.stderr, word) {
			t.Errorf("said %q, want %q in it", e.stderr, word)
		}
	}
}

// need skips the test where a program isn't installed; where all of them have
// to be (CONTAINER_SIGNING_REQUIRE_PROGRAMS=1, as in CI) it fails instead.
func need(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := exec.LookPath(name); err == nil {
			continue
		}
		if os.Getenv("CONTAINER_SIGNING_REQUIRE_PROGRAMS") == "1" {
			t.Fatalf("%s is not installed, and CONTAINER_SIGNING_REQUIRE_PROGRAMS is 1", name)
		}
		t.Skipf("%s is not installed", name)
	}
}

// recordArguments returns a PATH in which each of the programs writes its
// arguments to the returned file before it runs as ever: what is there,
// everybody who can list processes could have seen.
func recordArguments(t *testing.T, names ...string) (path, record string) {
	t.Helper()
	folder := t.TempDir()
	record = filepath.Join(t.TempDir(), "arguments")
	for _, name := range names {
		program, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		script := fmt.Sprintf("#!/bin/sh\nprintf '%%s\\n' \"$@\" >>'%s'\nexec '%s' \"$@\"\n", record, program)
		if err := os.WriteFile(filepath.Join(folder, name), []byte(script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return "PATH=" + folder + ":" + os.Getenv("PATH"), record
}

// assertSecret fails the test if secret was among the recorded arguments or
// in what the signer wrote.
func (e ended) assertSecret(t *testing.T, record, secret string) {
	t.Helper()
	arguments, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	for where, text := range map[string]string{
		"arguments": string(arguments), "standard error": e.stderr, "standard output": string(e.stdout),
	} {
		if strings.Contains(text, secret) {
			t.Errorf("the secret is in the %s", where)
		}
	}
}
