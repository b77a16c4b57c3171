package forgery

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"

	coresignature "github.com/notaryproject/notation-core-go/signature"
	_ "github.com/notaryproject/notation-core-go/signature/cose" // envelopes can be read only where it is linked in
	_ "github.com/notaryproject/notation-core-go/signature/jws"
	notationregistry "github.com/notaryproject/notation-go/registry"
	"github.com/opencontainers/go-digest"
	specsgo "github.com/opencontainers/image-spec/specs-go"
	specs "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/registry/remote"

	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/repository"
)

// A bench is where one image is forged, and all that is at hand there.
type bench struct {
	repository *remote.Repository
	// unlisting is the same repository, where what refers to an image isn't added
	// to the list of that.
	unlisting *remote.Repository
	signed    specs.Descriptor // the image that is signed well
	good      signature        // which it has
	intruder  *intruder
	image     specs.Descriptor // the image that is forged
	tag       string           // which it has
}

// A signature is one that an image has.
type signature struct {
	manifest  specs.Descriptor
	mediaType string // of the envelope
	envelope  []byte
}

func newBench(
	ctx context.Context, reader repository.Reader, signed reference.Reference, with Means,
) (bench, error) {
	b := bench{repository: reader.Repository(signed), unlisting: reader.Repository(signed)}
	// With the Referrers API the registry would list it by itself.
	err := b.unlisting.SetReferrersCapability(true)
	if err != nil {
		return b, err
	}
	if b.signed, err = b.repository.Resolve(ctx, cmp.Or(signed.Digest, signed.Tag)); err != nil {
		return b, err
	}
	signatures := notationregistry.NewRepository(b.repository)
	err = signatures.ListSignatures(ctx, b.signed, func(all []specs.Descriptor) error {
		if len(all) > 0 {
			b.good.manifest = all[0]
		}
		return nil
	})
	if err == nil && b.good.manifest.Digest == "" {
		err = errors.New("it has none")
	}
	if err != nil {
		return b, err
	}
	envelope, descriptor, err := signatures.FetchSignatureBlob(ctx, b.good.manifest)
	if err != nil {
		return b, err
	}
	b.good.mediaType, b.good.envelope = descriptor.MediaType, envelope
	chain, err := b.good.chain()
	b.intruder = &intruder{chain, with}
	return b, err
}

// chain is the certificate chain that a signature shows to everybody, leaf first.
func (s signature) chain() ([]*x509.Certificate, error) {
	parsed, err := coresignature.ParseEnvelope(s.mediaType, s.envelope)
	if err != nil {
		return nil, err
	}
	content, err := parsed.Content()
	if err != nil {
		return nil, err
	}
	return content.SignerInfo.CertificateChain, nil
}

// attach makes an envelope refer to the image, as notation does.
func (b *bench) attach(ctx context.Context, mediaType string, envelope []byte) error {
	_, _, err := notationregistry.NewRepository(b.repository).PushSignature(ctx, mediaType, envelope, b.image, nil)
	return err
}

// attachLayers makes a signature's manifest refer to the image that has the
// layers as they are told.
func (b *bench) attachLayers(ctx context.Context, layers ...specs.Descriptor) error {
	_, err := b.push(ctx, b.repository, specs.MediaTypeImageManifest, b.signatureOf(layers...))
	return err
}

// signatureOf is the manifest of a signature of the image.
func (b *bench) signatureOf(layers ...specs.Descriptor) specs.Manifest {
	return specs.Manifest{
		Versioned: specsgo.Versioned{SchemaVersion: 2}, MediaType: specs.MediaTypeImageManifest,
		Config: signatureConfig(), Layers: append([]specs.Descriptor{}, layers...), Subject: &b.image,
	}
}

// signatureConfig is the configuration that each signature has, by whose type it
// is known as one (Notary Project signature specification, "Storage").
func signatureConfig() specs.Descriptor {
	config := specs.DescriptorEmptyJSON
	config.MediaType, config.Data = notationregistry.ArtifactTypeNotation, nil
	return config
}

// push pushes a manifest or an index.
func (b *bench) push(
	ctx context.Context, to *remote.Repository, mediaType string, content any,
) (specs.Descriptor, error) {
	encoded, err := json.Marshal(content)
	if err != nil {
		return specs.Descriptor{}, err
	}
	return oras.PushBytes(ctx, to.Manifests(), mediaType, encoded)
}

// index pushes an index of manifests.
func (b *bench) index(ctx context.Context, manifests ...specs.Descriptor) (specs.Descriptor, error) {
	return b.push(ctx, b.repository, specs.MediaTypeImageIndex, specs.Index{
		Versioned: specsgo.Versioned{SchemaVersion: 2}, MediaType: specs.MediaTypeImageIndex, Manifests: manifests,
	})
}

// becomes has the tag of the image name another manifest. The image gets another
// tag: who empties the repository finds it by that.
func (b *bench) becomes(ctx context.Context, other specs.Descriptor) error {
	if err := b.repository.Tag(ctx, b.image, b.tag+"-before"); err != nil {
		return err
	}
	b.image = other
	return b.repository.Tag(ctx, other, b.tag)
}

// referrersTag is the tag under which a registry without the Referrers API
// keeps what refers to a manifest (OCI distribution specification, "Referrers
// Tag Schema").
func referrersTag(of digest.Digest) string { return fmt.Sprintf("%s-%s", of.Algorithm(), of.Encoded()) }
