// Package forgery makes images that must not run though a signature refers to
// them: what an intruder pushes who may push to the registry of production, and
// what a careless CA or a careless signer makes possible. Each of them differs
// from what is signed well in one thing.
package forgery

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"container-signing/e2e/internal/image"
	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/repository"
)

// A Forgery is an image with what an intruder has made of it.
type Forgery struct {
	// Name is by what workloads call the image.
	Name string
	// Fault says in a few words what is wrong with the image; empty if it has to
	// be accepted in spite of what was done to it.
	Fault string
	// Because are words of the reason for which notation refuses the image.
	Because string

	needs need
	make  func(context.Context, *bench) error
}

// A need is what a forgery can't be made without.
type need int

const (
	nothing   need = iota
	signer         // the key of a signer who is trusted
	authority      // the key of a CA that is trusted
)

// Possible returns the forgeries that can be made with the means.
func Possible(with Means) []Forgery {
	has := map[need]bool{nothing: true, signer: with.Signer != nil, authority: with.Authority != nil}
	var possible []Forgery
	for _, one := range All() {
		if has[one.needs] {
			possible = append(possible, one)
		}
	}
	return possible
}

// Known tells whether there is a forgery of a name.
func Known(name string) bool {
	return slices.ContainsFunc(All(), func(f Forgery) bool { return f.Name == name })
}

// A Place is where forgeries are pushed to.
type Place struct {
	Access image.Access
	Reader repository.Reader
	// Signed is an image there that is signed well, and of which the others are
	// derived.
	Signed reference.Reference
	// At returns the tag that the image of a name gets in the same repository.
	At func(name string) reference.Reference
}

// parallel is how many forgeries are made at a time.
const parallel = 8

// Push pushes forgeries, and returns their digests by their names.
func Push(ctx context.Context, place Place, with Means, forgeries []Forgery) (map[string]string, error) {
	targets := map[string]reference.Reference{}
	for _, one := range forgeries {
		targets[one.Name] = place.At(one.Name)
	}
	derived, err := image.Derive(ctx, place.Access, place.Signed, targets)
	if err != nil {
		return nil, err
	}
	template, err := newBench(ctx, place.Reader, place.Signed, with)
	if err != nil {
		return nil, fmt.Errorf("reading the signature of image %q: %w", place.Signed, err)
	}
	digests := make([]string, len(forgeries))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(parallel)
	for i, one := range forgeries {
		work.Go(func() (err error) {
			if digests[i], err = one.forge(ctx, template, targets[one.Name].Tag, derived.Digests[one.Name]); err != nil {
				return fmt.Errorf("forging image %q: %w", targets[one.Name], err)
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return nil, err
	}
	made := map[string]string{}
	for i, one := range forgeries {
		made[one.Name] = digests[i]
	}
	return made, nil
}

// forge makes the forgery out of the image of a digest, and returns the digest of
// what its tag names then.
func (f Forgery) forge(ctx context.Context, on bench, tag, digest string) (string, error) {
	var err error
	if on.image, err = on.repository.Resolve(ctx, digest); err != nil {
		return "", err
	}
	on.tag = tag
	err = f.make(ctx, &on)
	return on.image.Digest.String(), err
}
