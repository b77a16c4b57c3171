package forgery

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	specs "github.com/opencontainers/image-spec/specs-go/v1"

	"container-signing/internal/keyspec"
)

const (
	jwsType     = "application/jose+json"
	coseType    = "application/cose"
	payloadType = "application/vnd.cncf.notary.payload.v1+json"

	schemeHeader  = "io.cncf.notary.signingScheme"
	timeHeader    = "io.cncf.notary.signingTime"
	authenticTime = "io.cncf.notary.authenticSigningTime"
	expiryHeader  = "io.cncf.notary.expiry"
)

// A claim is what a JWS envelope says before it is signed (Notary Project
// signature specification, "Signature Envelope: JWS"). notation's own library
// makes only envelopes that are as they should be.
type claim struct {
	payload   []byte
	protected map[string]any
	identity  identity
	sign      func(content []byte) ([]byte, error)
}

// newClaim claims that an identity has signed an image a moment ago.
func newClaim(of specs.Descriptor, by identity) (*claim, error) {
	target := map[string]any{"mediaType": of.MediaType, "digest": of.Digest, "size": of.Size}
	payload, err := json.Marshal(map[string]any{"targetArtifact": target})
	if err != nil {
		return nil, err
	}
	c := &claim{payload: payload, identity: by}
	c.sign = func(content []byte) ([]byte, error) { return sign(by.key, content) }
	c.protected = map[string]any{
		"alg": algorithm(by.key), "cty": payloadType, "crit": []string{schemeHeader},
		schemeHeader: "notary.x509", timeHeader: before(20 * time.Second),
	}
	return c, nil
}

// before is a time in the form of a signature's.
func before(ago time.Duration) string { return time.Now().Add(-ago).Format(time.RFC3339) }

// algorithm names that of a key as JWS does. A key that Notation has no name for
// claims to be an ordinary one.
func algorithm(key crypto.Signer) string {
	spec, err := keyspec.Of(key.Public())
	if err != nil {
		return "ES256"
	}
	family := "PS"
	if spec.IsECDSA() {
		family = "ES"
	}
	return family + strings.TrimPrefix(spec.Hash.String(), "SHA-")
}

func sign(key crypto.Signer, content []byte) ([]byte, error) {
	if _, err := keyspec.Of(key.Public()); err == nil {
		return keyspec.Sign(key, content)
	}
	digest := sha256.Sum256(content)
	return key.Sign(rand.Reader, digest[:], crypto.SHA256)
}

// critical adds a header that a verifier has to understand.
func (c *claim) critical(name string, value any) {
	c.protected["crit"] = append(c.protected["crit"].([]string), name)
	c.protected[name] = value
}

// envelope signs.
func (c *claim) envelope() ([]byte, error) {
	protected, err := json.Marshal(c.protected)
	if err != nil {
		return nil, err
	}
	text := base64.RawURLEncoding.EncodeToString
	signature, err := c.sign([]byte(text(protected) + "." + text(c.payload)))
	if err != nil {
		return nil, fmt.Errorf("signing an envelope: %w", err)
	}
	chain := [][]byte{}
	for _, certificate := range c.identity.chain {
		chain = append(chain, certificate.Raw)
	}
	return json.Marshal(map[string]any{
		"payload": text(c.payload), "protected": text(protected), "signature": text(signature),
		"header": map[string]any{"x5c": chain, "io.cncf.notary.signingAgent": "notation-go/1.3.2"},
	})
}

// claimed signs what an identity claims of an image, after some changes.
func claimed(of specs.Descriptor, by identity, changes ...func(*claim)) ([]byte, error) {
	c, err := newClaim(of, by)
	if err != nil {
		return nil, err
	}
	for _, change := range changes {
		change(c)
	}
	return c.envelope()
}

// What can be wrong with an envelope.

func withoutCertificates(c *claim) { c.identity.chain = nil }

func expiredSignature(c *claim) { c.critical(expiryHeader, before(10*time.Second)) }

func byAuthorityScheme(c *claim) {
	c.protected[schemeHeader] = "notary.x509.signingAuthority"
	delete(c.protected, timeHeader)
	c.critical(authenticTime, before(20*time.Second))
}

func withUnknownHeader(c *claim) { c.critical("example.unknown", "anything") }

func withPlugin(c *claim) {
	c.critical("io.cncf.notary.verificationPlugin", "com.example.accepts-all")
	c.critical("io.cncf.notary.verificationPluginMinVersion", "0.0.1")
}

func ofOtherContent(c *claim) { c.protected["cty"] = "application/json" }

func unsigned(c *claim) {
	c.protected["alg"] = "none"
	c.sign = func([]byte) ([]byte, error) { return nil, nil }
}

// byPublicKey signs with what everybody knows, as if it were a secret.
func byPublicKey(c *claim) {
	c.protected["alg"] = "HS256"
	c.sign = func(content []byte) ([]byte, error) {
		mac := hmac.New(sha256.New, c.identity.chain[0].RawSubjectPublicKeyInfo)
		mac.Write(content) // a hash never returns an error
		return mac.Sum(nil), nil
	}
}
