package release

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"container-signing/e2e/internal/notation"
	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/repository"
)

// A Signer signs images in their registries.
type Signer struct {
	Notation notation.CLI
	Reader   repository.Reader
	With     notation.Signing
	// Step shows the signing of an image.
	Step func(name string, sign func() error) error

	busy locks
}

// SignAll signs images, several at a time, and returns those that it has signed
// in the order in which they were named. One that can't be signed is no reason
// to stop the others.
func (s *Signer) SignAll(ctx context.Context, images []reference.Reference, parallel int) ([]Image, error) {
	results, faults := make([]*Image, len(images)), make([]error, len(images))
	var work errgroup.Group // without a context: a failure stops nobody
	work.SetLimit(parallel)
	for i, image := range images {
		work.Go(func() error {
			faults[i] = s.Step("notation sign "+image.String(), func() (err error) {
				results[i], err = s.sign(ctx, image)
				return err
			})
			return nil
		})
	}
	// Its functions return no errors: these are in faults.
	_ = work.Wait()
	signed := []Image{}
	for _, result := range results {
		if result != nil {
			signed = append(signed, *result)
		}
	}
	err := errors.Join(faults...)
	if err != nil && len(images) > 1 {
		err = fmt.Errorf("%w\n%s", err, signedAnyway(signed, len(images)))
	}
	return signed, err
}

// signedAnyway tells what was signed though something else couldn't be.
func signedAnyway(signed []Image, of int) string {
	var told strings.Builder
	fmt.Fprintf(&told, "%d of %d images are signed", len(signed), of)
	for _, image := range signed {
		told.WriteString("\n  " + image.Reference)
	}
	return told.String()
}

// sign signs an image by its digest, and finds the signature that it gets.
func (s *Signer) sign(ctx context.Context, image reference.Reference) (*Image, error) {
	digest, err := s.Reader.Digest(ctx, image)
	if err != nil {
		return nil, err
	}
	pinned := image.ByDigest(digest)
	defer s.busy.lock(pinned.String())()
	before, err := s.Reader.Signatures(ctx, pinned)
	if err != nil {
		return nil, err
	}
	if err := s.Notation.Sign(ctx, s.With, pinned); err != nil {
		return nil, err
	}
	after, err := s.Reader.Signatures(ctx, pinned)
	if err != nil {
		return nil, err
	}
	added := without(after, before)
	if len(added) == 0 {
		return nil, fmt.Errorf("signing image %q: the registry %s lists no new signature of it, "+
			"though notation says that it signed",
			pinned, pinned.Registry)
	}
	signed := newImage(pinned, added)
	return &signed, nil
}

// locks let one image be signed once at a time. Where a registry doesn't list
// an image's signatures by itself, notation rewrites the list, and of two that
// do so at the same time one loses its signature.
type locks struct{ byReference sync.Map }

// lock waits for its turn, and returns what ends it.
func (l *locks) lock(reference string) (unlock func()) {
	lock, _ := l.byReference.LoadOrStore(reference, new(sync.Mutex))
	mutex := lock.(*sync.Mutex)
	mutex.Lock()
	return mutex.Unlock
}
