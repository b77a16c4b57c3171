package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"regexp"

	"github.com/fxamacker/cbor/v2"
)

// digestPattern is that of an OCI descriptor's digest: what is in a payload is
// shown on a terminal, and must have no control characters.
var digestPattern = regexp.MustCompile(`^[a-z0-9+._-]+:[a-zA-Z0-9=_-]+$`)

// artifactDigest returns the digest of the artifact that payload is about, or ""
// where payload isn't one of Notation's. A person who signs should see it.
func artifactDigest(payload []byte) string {
	content := jwsContent(payload)
	if content == nil {
		content = coseContent(payload)
	}
	var statement struct {
		TargetArtifact struct{ Digest string }
	}
	if json.Unmarshal(content, &statement) != nil || !digestPattern.MatchString(statement.TargetArtifact.Digest) {
		return ""
	}
	return statement.TargetArtifact.Digest
}

// jwsContent is the content of a JWS signing input (RFC 7515, section 5.1),
// or nil.
func jwsContent(payload []byte) []byte {
	_, encoded, found := bytes.Cut(payload, []byte("."))
	if !found {
		return nil
	}
	content, err := base64.RawURLEncoding.DecodeString(string(encoded))
	if err != nil {
		return nil // not JWS: the caller tries COSE
	}
	return content
}

// coseContent is the content of a COSE Sig_structure for one signer (RFC
// 9052, section 4.4), or nil.
func coseContent(payload []byte) []byte {
	var structure struct {
		_                            struct{} `cbor:",toarray"`
		Context                      string
		Protected, External, Content []byte
	}
	if err := cbor.Unmarshal(payload, &structure); err != nil {
		return nil // not COSE: the digest is unknown
	}
	return structure.Content
}
