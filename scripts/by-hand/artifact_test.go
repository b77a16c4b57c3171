package main

import (
	"encoding/base64"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

const artifactContent = `{"targetArtifact":{` +
	`"mediaType":"application/vnd.oci.image.index.v1+json","digest":"sha256:abc","size":3}}`

func TestArtifactDigest(t *testing.T) {
	jws := func(content string) []byte {
		return []byte("eyJhbGciOiJQUzM4NCJ9." + base64.RawURLEncoding.EncodeToString([]byte(content)))
	}
	cose, err := cbor.Marshal([]any{"Signature1", []byte("protected"), []byte{}, []byte(artifactContent)})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		payload []byte
		want    string
	}{
		"JWS":               {jws(artifactContent), "sha256:abc"},
		"COSE":              {cose, "sha256:abc"},
		"COSE, cut":         {cose[:len(cose)-1], ""},
		"no digest":         {jws(`{"targetArtifact":{}}`), ""},
		"not JSON":          {jws("hello"), ""},
		"not Notation's":    {[]byte("hello"), ""},
		"terminal sequence": {jws(`{"targetArtifact":{"digest":"sha256:\u001b[2J"}}`), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := artifactDigest(test.payload); got != test.want {
				t.Errorf("digest %q, want %q", got, test.want)
			}
		})
	}
}
