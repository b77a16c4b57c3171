package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"
	"time"

	"container-signing/internal/pki/pkitest"
)

// TestEndsWithItsReader closes the pipe by which the plugin is to answer, as
// notation's death does, but lets the plugin's parent live: a plugin whose parent
// has died before it could look has no other sign of it.
func TestEndsWithItsReader(t *testing.T) {
	folder := t.TempDir()
	pkitest.WriteFiles(t, folder, "EC-256")
	request, err := json.Marshal(map[string]any{
		"contractVersion": "1.0", "keyId": "some key",
		"keySpec": "EC-256", "hashAlgorithm": "SHA-256", "payload": payload,
	})
	if err != nil {
		t.Fatal(err)
	}
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("notation-external-signer", "generate-signature")
	cmd.Dir, cmd.Stdin, cmd.Stdout = folder, bytes.NewReader(request), writer
	cmd.Env = append(os.Environ(),
		"EXTERNAL_SIGNER=misbehave family", "EXTERNAL_CERT_CHAIN=chain.pem", "EXTERNAL_TIMEOUT=10m")
	witness, err := newWitness(cmd)
	if err != nil {
		t.Fatal(err)
	}
	witness.held = append(witness.held, writer)
	if err := witness.start(); err != nil {
		t.Fatal(err)
	}
	if _, err := witness.line(20 * time.Second); err != nil {
		t.Fatal(err)
	}
	if err := reader.Close(); err != nil {
		t.Fatal(err)
	}
	if err := witness.gone(goneWithin); err != nil {
		t.Error(err, cmd.Process.Kill())
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the plugin reports success to nobody")
	}
}
