// Package request finds what can be known to be wrong with what a caller asks
// for, before anything is built or run.
package request

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"dagger/container-signing/internal/hint"
	"dagger/container-signing/internal/reference"
)

// Policies are the kinds of the policy, as the folders of policies/ are called.
var Policies = []string{"clusterpolicy", "imagevalidatingpolicy"}

// Envelopes are the formats of a signature's envelope.
var Envelopes = []string{"cose", "jws"}

// A Signer tells what a caller has given of a signer.
type Signer struct {
	Program, CertificateChain, CA, Key bool
}

// Check finds a signer that isn't whole.
func (s Signer) Check() error {
	if s.Program != s.CertificateChain {
		return hint.Add(
			errors.New("--signer and --certificate-chain belong together: the chain is that of the signer's key"),
			"give both, or neither for a demonstration",
		)
	}
	if !s.Program && (s.CA || s.Key) {
		return hint.Add(
			errors.New("--ca and --key are a signer's, and there is none"),
			"give --signer and --certificate-chain too",
		)
	}
	return nil
}

// Policy finds a kind of the policy that there isn't.
func Policy(kind string) error { return known("policy", kind, Policies) }

// Envelope finds a format of the signature's envelope that there isn't.
func Envelope(format string) error { return known("signature-format", format, Envelopes) }

func known(flag, value string, values []string) error {
	if slices.Contains(values, value) {
		return nil
	}
	return hint.Add(
		fmt.Errorf("reading --%s %q: there is no such thing", flag, value),
		"give "+strings.Join(values, " or "),
	)
}

// Timeout finds a time that is none.
func Timeout(flag, value string) error {
	duration, err := time.ParseDuration(value)
	if err == nil && duration <= 0 {
		err = errors.New("it isn't positive")
	}
	if err != nil {
		return hint.Add(fmt.Errorf("reading --%s %q: %w", flag, value, err), "give a time such as 90s or 30m")
	}
	return nil
}

// Images reads the references of --image. All have to be in one registry if
// that is a service.
func Images(texts []string, service bool) ([]reference.Image, error) {
	if len(texts) == 0 {
		return nil, hint.Add(errors.New("there is nothing to sign"), "name an image by --image")
	}
	images, err := reference.ParseAll(texts)
	if err != nil {
		return nil, hint.Add(err, "give an image in a registry, such as registry.example.com/app:1.0")
	}
	for i, image := range images {
		if service && image.Registry() != images[0].Registry() {
			return nil, hint.Add(
				fmt.Errorf("reading --image: %q and %q are in two registries, --registry is one", texts[0], texts[i]),
				"sign them one by one",
			)
		}
	}
	return images, nil
}

// Attacked reads the repository of an attack, and after it the image that must be
// admitted, if there is one. Both have to be in one registry if that is a service.
func Attacked(repository, signed string, service bool) ([]reference.Image, error) {
	scratch, err := reference.Parse(repository + ":attack")
	if err != nil {
		return nil, hint.Add(fmt.Errorf("reading --repository %q: it is no repository", repository),
			"give it without a tag, such as registry.example.com/scratch")
	}
	if signed == "" {
		return []reference.Image{scratch}, nil
	}
	image, err := reference.Parse(signed)
	if err != nil {
		return nil, hint.Add(fmt.Errorf("reading --signed: %w", err),
			"give an image in a registry, such as registry.example.com/app:1.0")
	}
	if service && image.Registry() != scratch.Registry() {
		return nil, hint.Add(
			fmt.Errorf("reading --signed: %q and %q are in two registries, --registry is one", repository, signed),
			"copy the image with its signatures there first")
	}
	return []reference.Image{scratch, image}, nil
}

// NoImage finds that a registry is told of though no image of it is.
func NoImage(registry, plainHTTP bool) error {
	if !registry && !plainHTTP {
		return nil
	}
	return hint.Add(
		errors.New("reading --registry and --plain-http: they tell of the registry of --image, and there is none"),
		"name the image by --image, or leave them out",
	)
}

// Connection finds an API server of no cluster.
func Connection(kubeconfig, apiServer bool) error {
	if kubeconfig || !apiServer {
		return nil
	}
	return hint.Add(
		errors.New("reading --api-server: it is where a cluster of your own is reached"), "give its --kubeconfig too")
}

// Node finds a node that has nothing to pull from, or nothing to trust.
func Node(node, registry, ca bool) error {
	if !node || registry && ca {
		return nil
	}
	return hint.Add(
		errors.New("preparing --node: it doesn't know where to pull from, or what to trust"),
		"give --registry and --ca")
}

// Assignment reads a variable of a signer's environment.
func Assignment(text string) (name, value string, err error) {
	name, value, found := strings.Cut(text, "=")
	if !found || name == "" {
		return "", "", hint.Add(
			fmt.Errorf("reading --signer-env %q: it isn't NAME=VALUE", text),
			"a secret is given by --secrets env:NAME",
		)
	}
	return name, value, nil
}
