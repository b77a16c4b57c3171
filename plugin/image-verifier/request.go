package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2/registry"

	"container-signing/internal/hint"
)

// A request is what containerd asks: may this image be pulled?
type request struct {
	reference registry.Reference // by digest
	name      string             // the image's name as containerd knows it
}

// descriptorLimit bounds, in bytes, what is read of the descriptor.
const descriptorLimit = 1 << 20

const containerdGives = "call it as containerd does, with -name, -digest and -stdin-media-type"

// readRequest reads containerd's arguments and the descriptor on its standard
// input, and refuses what doesn't fit together.
func readRequest(args []string, stdin io.Reader) (request, error) {
	var name, digest, mediaType string
	flags := flag.NewFlagSet("notation-image-verifier", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&name, "name", "", "")
	flags.StringVar(&digest, "digest", "", "")
	flags.StringVar(&mediaType, "stdin-media-type", "", "")
	if err := flags.Parse(args); err != nil {
		return request{}, hint.Add(fmt.Errorf("reading the arguments: %w", err), containerdGives)
	}
	if flags.NArg() > 0 {
		return request{}, hint.Add(fmt.Errorf("unknown argument %q", flags.Arg(0)), containerdGives)
	}
	reference, err := referenceOf(name, digest)
	if err != nil {
		return request{}, err
	}
	if mediaType != ocispec.MediaTypeDescriptor {
		err := fmt.Errorf("unknown -stdin-media-type %q: known is %s", mediaType, ocispec.MediaTypeDescriptor)
		return request{}, hint.Add(err, "see whether there is a verifier for this version of containerd")
	}
	descriptor, err := readDescriptor(stdin)
	if err != nil {
		return request{}, fmt.Errorf("reading the descriptor on standard input: %w", err)
	}
	if descriptor.Digest.String() != digest {
		return request{}, fmt.Errorf("the descriptor is that of %q, not of %s", descriptor.Digest, digest)
	}
	return request{reference, name}, nil
}

// referenceOf returns the reference of an image by its digest. Its name may
// hold a tag, a digest or both; what is verified is what will be pulled.
func referenceOf(name, digest string) (registry.Reference, error) {
	reference, err := registry.ParseReference(name)
	if err != nil {
		return reference, fmt.Errorf("reading -name %q: %w", name, err)
	}
	// A name with a digest names that image and no other.
	if reference.ValidateReferenceAsDigest() == nil && reference.Reference != digest {
		return reference, fmt.Errorf("-name %q and -digest %s name two images", name, digest)
	}
	reference.Reference = digest
	if err := reference.ValidateReferenceAsDigest(); err != nil {
		return reference, fmt.Errorf("reading -digest %q: %w", digest, err)
	}
	return reference, nil
}

func readDescriptor(stdin io.Reader) (ocispec.Descriptor, error) {
	var descriptor ocispec.Descriptor
	content, err := io.ReadAll(io.LimitReader(stdin, descriptorLimit+1))
	if err != nil {
		return descriptor, err
	}
	if len(content) > descriptorLimit {
		return descriptor, fmt.Errorf("it is longer than %d bytes", descriptorLimit)
	}
	if len(bytes.TrimSpace(content)) == 0 {
		return descriptor, errors.New("it is empty")
	}
	return descriptor, json.Unmarshal(content, &descriptor)
}
