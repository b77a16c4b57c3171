package supply

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"container-signing/e2e/internal/forgery"
	"container-signing/e2e/internal/image"
	"container-signing/e2e/internal/notation"
	"container-signing/e2e/internal/reference"
	"container-signing/internal/pki"
)

// A Forged image is one that an intruder has pushed to production.
type Forged struct {
	Digest string `json:"digest"`
	// Fault says in a few words why it must be refused; empty if it mustn't.
	Fault string `json:"fault,omitempty"`
}

// Means are what is forged with: the keys in a folder that [MakeDemonstration] has
// filled; none if it is empty.
func Means(keys string) (with forgery.Means, err error) {
	if keys == "" {
		return with, nil
	}
	if with.Signer, err = readPair(filepath.Join(keys, chainFile), filepath.Join(keys, signerKeyFile)); err != nil {
		return with, err
	}
	with.Authority, err = readPair(filepath.Join(keys, authorityFile), filepath.Join(keys, authorityKeyFile))
	return with, err
}

func readPair(certificate, key string) (*pki.Certificate, error) {
	certificatePEM, err := os.ReadFile(certificate)
	if err != nil {
		return nil, fmt.Errorf("reading a certificate: %w", err)
	}
	keyPEM, err := os.ReadFile(key)
	if err != nil {
		return nil, fmt.Errorf("reading the key of a certificate: %w", err)
	}
	pair, err := pki.Parse(certificatePEM, keyPEM)
	if err != nil {
		return nil, fmt.Errorf("reading %q with the key %q: %w", certificate, key, err)
	}
	return pair, nil
}

// asked is how many images notation is asked about at a time.
const asked = 4

// Forge pushes to production what an intruder would, and asks notation about each
// of these images: it has to refuse them for the reason for which the cluster is
// to refuse them.
func (s *Supply) Forge(ctx context.Context, with forgery.Means) error {
	forgeries := forgery.Possible(with)
	digests, err := forgery.Push(ctx, forgery.Place{
		Access: image.Direct(), Reader: s.Reader, Signed: s.InProduction(Signed),
		At: func(name string) reference.Reference { return s.InProduction(Role(name)) },
	}, with, forgeries)
	if err != nil {
		return err
	}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(asked)
	for _, one := range forgeries {
		work.Go(func() error {
			image := s.InProduction(Role(one.Name)).ByDigest(digests[one.Name])
			if one.Fault == "" {
				return s.Notation.Verify(ctx, image)
			}
			return s.Notation.Refuses(ctx, image, notation.Refusal(one.Because))
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	s.Forged = map[string]Forged{}
	for _, one := range forgeries {
		s.Forged[one.Name] = Forged{digests[one.Name], one.Fault}
	}
	return nil
}

// checkForged makes sure that there is each image that an intruder can push.
func (s State) checkForged() error {
	possible := forgery.Possible(forgery.Means{})
	if s.Demonstration {
		possible = forgery.All()
	}
	for _, one := range possible {
		if _, there := s.Forged[one.Name]; !there {
			return errors.New("no intruder has pushed the image " + one.Name)
		}
	}
	return nil
}
