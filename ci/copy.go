package main

import (
	"context"

	"dagger/container-signing/internal/dagger"
	"dagger/container-signing/internal/reference"
)

// Copy an image with its signatures to another registry (`oras cp -r`), and
// compare the digests on both sides
//
// +cache="session"
func (m *ContainerSigning) Copy(
	ctx context.Context,
	// Image to copy.
	image string,
	// The reference that it gets, such as registry.example.com/app:1.0.
	to string,
	// The image's registry, where it is a service or on your machine:
	// tcp://localhost:5002.
	//
	// +optional
	registry *dagger.Service,
	// The registry that it goes to, where that is a service or on your machine.
	//
	// +optional
	toRegistry *dagger.Service,
	// Docker's config.json with the credentials of both registries.
	//
	// +optional
	registryCredentials *dagger.Secret,
	// The image's registry speaks plain HTTP, as one on loopback does anyway.
	//
	// +optional
	plainHttp bool,
	// The registry that it goes to speaks plain HTTP, as one on loopback does
	// anyway.
	//
	// +optional
	toPlainHttp bool,
) (*Signed, error) {
	from := access{image: image, service: registry, credentials: registryCredentials, plainHTTP: plainHttp, alias: "registry"}
	target := access{image: to, service: toRegistry, credentials: registryCredentials, plainHTTP: toPlainHttp, alias: "toregistry"}
	args := append(from.insecure("--from-plain-http"), target.insecure("--to-plain-http")...)
	done, err := m.move(ctx, nil, append(args, "--from", image, "--to", to), from, target)
	if err != nil {
		return nil, err
	}
	return newSigned(ctx, m, done.File(moveResult), target, nil, to)
}

// moveResult is where a container tells what move has copied.
const moveResult = "/tmp/copied.json"

// move runs `e2e copy` where registries are reached.
func (m *ContainerSigning) move(ctx context.Context, bundle *dagger.File, args []string, reached ...access) (*dagger.Container, error) {
	box, err := m.signingBox(ctx, nil)
	if err != nil {
		return nil, err
	}
	if bundle != nil {
		box = box.WithMountedFile("/bundle.tar", bundle).WithExec([]string{"tar", "-C", "/", "-xf", "/bundle.tar"})
	}
	box, args, err = reach(ctx, box, append([]string{"e2e", "copy", "-v", "--output", moveResult}, args...), reached...)
	if err != nil {
		return nil, err
	}
	return evaluate(ctx, "copying", anew(box, newRun()).WithExec(args))
}

// The signed image with its signatures as one archive of an OCI layout, to be
// carried over an air gap to `load`
//
// +cache="session"
func (m *ContainerSigning) Bundle(
	ctx context.Context,
	// Signed image.
	image string,
	// The image's registry, where it is a service or on your machine:
	// tcp://localhost:5002.
	//
	// +optional
	registry *dagger.Service,
	// Docker's config.json with the credentials of the registry.
	//
	// +optional
	registryCredentials *dagger.Secret,
	// The registry speaks plain HTTP, as one on loopback does anyway.
	//
	// +optional
	plainHttp bool,
) (*dagger.File, error) {
	from := access{image: image, service: registry, credentials: registryCredentials, plainHTTP: plainHttp, alias: "registry"}
	return m.bundle(ctx, from, reference.Tag(image))
}

// bundle makes an archive in which the image has a tag.
func (m *ContainerSigning) bundle(ctx context.Context, from access, tag string) (*dagger.File, error) {
	args := append(from.insecure("--from-plain-http"), "--from", from.image, "--to", "/bundle:"+tag)
	done, err := m.move(ctx, nil, args, from)
	if err != nil {
		return nil, err
	}
	// The same content gives the same archive.
	return done.WithExec([]string{"tar", "-C", "/", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0", "-cf", "/bundle.tar", "bundle"}).
		File("/bundle.tar"), nil
}

// Load a bundle into a registry, and compare the digests on both sides
//
// +cache="session"
func (m *ContainerSigning) Load(
	ctx context.Context,
	// Archive that `bundle` has made.
	bundle *dagger.File,
	// The reference that the image gets, such as registry.example.com/app:1.0.
	to string,
	// The tag that the image has in the bundle, if that holds several.
	//
	// +optional
	tag string,
	// That registry, where it is a service or on your machine:
	// tcp://localhost:5001.
	//
	// +optional
	registry *dagger.Service,
	// Docker's config.json with the credentials of the registry.
	//
	// +optional
	registryCredentials *dagger.Secret,
	// The registry speaks plain HTTP, as one on loopback does anyway.
	//
	// +optional
	plainHttp bool,
) (*Signed, error) {
	target := access{image: to, service: registry, credentials: registryCredentials, plainHTTP: plainHttp, alias: "registry"}
	from := "/bundle"
	if tag != "" {
		from += ":" + tag
	}
	args := append(target.insecure("--to-plain-http"), "--from", from, "--to", to)
	done, err := m.move(ctx, bundle, args, target)
	if err != nil {
		return nil, err
	}
	return newSigned(ctx, m, done.File(moveResult), target, nil, to)
}
