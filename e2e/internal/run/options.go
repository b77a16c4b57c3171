package run

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"container-signing/e2e/internal/notation"
	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/registry"
	"container-signing/e2e/internal/session"
	"container-signing/e2e/internal/supply"
	"container-signing/e2e/internal/usage"
	"container-signing/internal/hint"
	"container-signing/internal/keyspec"
	"container-signing/tools"
)

// Options are what a person can choose about a whole run.
type Options struct {
	// Image to sign: a reference in a registry or in an OCI image layout; empty
	// for the demonstration's.
	Image      string
	Registries supply.Registries
	// Signer is the user's own; without a command the demonstration's signs.
	Signer  supply.Signer
	KeySpec string // of the demonstration's certificate
	Choice
	Node session.NodeMode
	// Lock has the API server itself keep the project's policies from being
	// taken off, whoever tries.
	Lock bool
	// Keep leaves everything running until the context ends.
	Keep bool
	session.Settings

	// behind is where the production registry listens, if something else
	// answers at its address and asks it.
	behind string
}

// locked tells whether the policies are kept so: of the user's own nobody knows
// what belongs to the lock.
func (o Options) locked() bool { return o.Lock && o.Policies == "" }

// own tells whether the signer is the user's own.
func (o Options) own() bool { return o.Signer.Command != "" }

// Check finds what can be known to be wrong without starting anything. Its
// errors are usage errors.
func (o Options) Check() error {
	for _, check := range []func() error{o.checkDemonstration, o.checkSigner, o.checkRegistries} {
		if err := check(); err != nil {
			return usage.Fault(err)
		}
	}
	return nil
}

func (o Options) checkDemonstration() error {
	if _, err := keyspec.Named(o.KeySpec); err != nil {
		return fmt.Errorf("reading --key-spec: %w", err)
	}
	return CheckFormat(o.Signer.Format)
}

// CheckFormat finds a format of signatures that notation doesn't know.
func CheckFormat(format string) error {
	if !slices.Contains(notation.Formats(), format) {
		return hint.Add(fmt.Errorf("unknown --signature-format %q", format),
			"known are %s", strings.Join(notation.Formats(), ", "))
	}
	return nil
}

func (o Options) checkSigner() error {
	s := o.Signer
	if (s.Command == "") != (s.CertificateChain == "") {
		return hint.Add(errors.New("--signer and --certificate-chain belong together: "+
			"the chain is that of the signer's key"),
			"give both, or neither for a demonstration")
	}
	if s.CA != "" && s.Command == "" {
		return hint.Add(fmt.Errorf("--ca %s without --signer: the demonstration makes a CA of its own", s.CA),
			"give --signer and --certificate-chain too")
	}
	if !o.own() {
		return nil
	}
	_, err := supply.TrustedCAs(s.CertificateChain, s.CA)
	return err
}

func (o Options) checkRegistries() error {
	r := o.Registries
	if r.CI == r.Production {
		return hint.Add(fmt.Errorf("--ci-registry and --production-registry are both %s", r.CI),
			"give them different addresses")
	}
	if err := registry.CheckFree("ci-registry", r.CI); err != nil {
		return err
	}
	if o.behind != "" {
		return nil // what answers there is there already
	}
	return registry.CheckFree("production-registry", r.Production)
}

// A Source is where the image to sign comes from, and what it is called in the
// registries of a run.
type Source struct {
	// Image is nil for the demonstration's, whose folder is known once it is
	// built.
	Image           *reference.Reference
	Repository, Tag string
}

// demonstrationRepository names the demonstration's image.
const demonstrationRepository = "busybox"

// ReadSource reads what --image names: the repository and the tag are those
// that it has, without its registry.
func ReadSource(image string) (Source, error) {
	if image == "" {
		return Source{Repository: demonstrationRepository, Tag: tools.BusyboxTag}, nil
	}
	parsed, err := parseSource(image)
	if err != nil {
		return Source{}, usage.Errorf("reading --image %q: %w", image, err)
	}
	s := Source{Image: &parsed, Repository: parsed.Repository, Tag: parsed.Tag}
	if parsed.InLayout() {
		s.Repository = strings.ToLower(filepath.Base(parsed.Layout))
	}
	if s.Tag == "" {
		s.Tag = "latest"
	}
	return s, nil
}

func parseSource(image string) (reference.Reference, error) {
	if !reference.IsLayout(image) {
		return reference.Parse(image)
	}
	parsed, err := reference.ParseLayout(image)
	if err != nil {
		return parsed, err
	}
	return parsed.Only()
}

// In returns the image, which is the demonstration's in a folder if no other
// was named.
func (s Source) In(folder string) reference.Reference {
	if s.Image != nil {
		return *s.Image
	}
	return reference.Reference{Layout: folder, Tag: tools.BusyboxTag}
}
