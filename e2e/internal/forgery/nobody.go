package forgery

import (
	"context"
	"crypto/x509"
	"fmt"

	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/repository"
	"container-signing/internal/pki"
)

// SignByNobody attaches to an image a signature that is as it should be, by a
// signer whom nobody knows.
func SignByNobody(ctx context.Context, reader repository.Reader, image reference.Reference) error {
	b := bench{repository: reader.Repository(image)}
	var err error
	if b.image, err = b.repository.Resolve(ctx, image.Tag); err != nil {
		return fmt.Errorf("resolving image %q: %w", image, err)
	}
	authority, err := pki.NewAuthority("a CA that nobody knows", keySpec)
	if err != nil {
		return err
	}
	leaf, err := authority.NewSigner("a signer whom nobody knows", keySpec)
	if err != nil {
		return err
	}
	envelope, err := claimed(b.image, identity{[]*x509.Certificate{leaf.X509, authority.X509}, leaf.Key})
	if err != nil {
		return err
	}
	if err := b.attach(ctx, jwsType, envelope); err != nil {
		return fmt.Errorf("attaching a signature to image %q: %w", image, err)
	}
	return nil
}
