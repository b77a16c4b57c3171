package forgery

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"

	notationregistry "github.com/notaryproject/notation-go/registry"
	"github.com/opencontainers/go-digest"
	specs "github.com/opencontainers/image-spec/specs-go/v1"
)

// changed is the good signature's envelope with another payload or another
// signature, in either format.
func (b *bench) changed(change func(payload, signature []byte) (newPayload, newSignature []byte)) ([]byte, error) {
	if b.good.mediaType != jwsType {
		// The signature is what a COSE_Sign1 message ends with (RFC 9052).
		payload, signature := change(b.good.envelope, b.good.envelope[len(b.good.envelope)-32:])
		return append(bytes.Clone(payload[:len(payload)-32]), signature...), nil
	}
	var envelope map[string]any
	if err := json.Unmarshal(b.good.envelope, &envelope); err != nil {
		return nil, fmt.Errorf("reading the good signature: %w", err)
	}
	parts := map[string][]byte{}
	for _, name := range []string{"payload", "signature"} {
		text, _ := envelope[name].(string)
		decoded, err := base64.RawURLEncoding.DecodeString(text)
		if err != nil {
			return nil, fmt.Errorf("reading the good signature's %s: %w", name, err)
		}
		parts[name] = decoded
	}
	payload, signature := change(parts["payload"], parts["signature"])
	envelope["payload"] = base64.RawURLEncoding.EncodeToString(payload)
	envelope["signature"] = base64.RawURLEncoding.EncodeToString(signature)
	return json.Marshal(envelope)
}

// withFlippedBit attaches the good signature to the image, with a bit of it
// flipped and the image's own digest in its payload.
func withFlippedBit(ctx context.Context, b *bench) error {
	envelope, err := b.changed(func(payload, signature []byte) ([]byte, []byte) {
		flipped := bytes.Clone(signature)
		flipped[len(flipped)/2] ^= 1
		return b.renamed(payload), flipped
	})
	if err != nil {
		return err
	}
	return b.attach(ctx, b.good.mediaType, envelope)
}

// withOtherPayload attaches the good signature with the image's own digest in
// its payload.
func withOtherPayload(ctx context.Context, b *bench) error {
	envelope, err := b.changed(func(payload, signature []byte) ([]byte, []byte) {
		return b.renamed(payload), signature
	})
	if err != nil {
		return err
	}
	return b.attach(ctx, b.good.mediaType, envelope)
}

// renamed is a payload about the image instead of the one that is signed.
func (b *bench) renamed(payload []byte) []byte {
	return bytes.ReplaceAll(payload, []byte(b.signed.Digest), []byte(b.image.Digest))
}

// ofAnotherImage attaches the good signature as it is.
func ofAnotherImage(ctx context.Context, b *bench) error {
	return b.attach(ctx, b.good.mediaType, b.good.envelope)
}

// listed lists the good signature's manifest, which refers to the signed image,
// among what refers to this one.
func listed(ctx context.Context, b *bench) error {
	entry := b.good.manifest
	entry.ArtifactType = notationregistry.ArtifactTypeNotation
	index, err := b.index(ctx, entry)
	if err != nil {
		return err
	}
	return b.repository.Tag(ctx, index, referrersTag(b.image.Digest))
}

// ofType attaches the good signature, whose envelope has another type.
func ofType(name string) func(context.Context, *bench) error {
	return func(ctx context.Context, b *bench) error {
		mediaType := name
		if mediaType == "" { // the one of the two that it isn't
			mediaType = coseType
			if b.good.mediaType == coseType {
				mediaType = jwsType
			}
		}
		return b.attach(ctx, mediaType, b.good.envelope)
	}
}

// empty attaches an envelope with nothing in it.
func empty(ctx context.Context, b *bench) error { return b.attach(ctx, jwsType, []byte("{}")) }

// ofWrongSize attaches an envelope that is said to be a tebibyte.
func ofWrongSize(ctx context.Context, b *bench) error {
	return b.attachLayers(ctx, specs.Descriptor{
		MediaType: b.good.mediaType, Digest: digest.FromBytes(b.good.envelope), Size: 1 << 40,
	})
}

// withoutEnvelope attaches a signature that has none.
func withoutEnvelope(ctx context.Context, b *bench) error { return b.attachLayers(ctx) }

// signatureItself has the tag name the good signature.
func signatureItself(ctx context.Context, b *bench) error { return b.becomes(ctx, b.good.manifest) }

// aroundSigned has the tag name an index of the signed image and another one.
func aroundSigned(ctx context.Context, b *bench) error {
	index, err := b.index(ctx, b.signed, b.image)
	if err != nil {
		return err
	}
	return b.becomes(ctx, index)
}
