package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/notaryproject/notation-go/dir"
	"github.com/notaryproject/notation-go/verifier/trustpolicy"
	"github.com/notaryproject/notation-go/verifier/truststore"

	"container-signing/internal/hint"
)

// examineTrust looks at what the verifier trusts.
func (f *findings) examineTrust(folder string) {
	dir.UserConfigDir = folder
	document, err := trustpolicy.LoadDocument()
	if err == nil {
		err = document.Validate()
	}
	if err != nil {
		f.fault(hint.Add(
			fmt.Errorf("reading the trust policy in %q, without which every pull is refused: %w", folder, err),
			"import one: NOTATION_CONFIG=%s notation policy import trustpolicy.json", folder))
		return
	}
	faults := f.faults
	if err := checkTree(folder); err != nil {
		f.fault(err)
	}
	for _, policy := range document.TrustPolicies {
		if err := checkPolicy(policy); err != nil {
			f.fault(hint.Add(err, "see trustpolicy.json in %q", folder))
		}
	}
	if f.faults == faults {
		f.well("the trust policy in %q can be used%s", folder, leftOut(document))
	}
}

// checkTree finds what others may change of a folder and all that is in it.
func checkTree(folder string) error {
	return filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err == nil {
			err = checkMode(path)
		}
		return err
	})
}

// checkPolicy finds a policy that lets in what it shouldn't, or nothing at all.
func checkPolicy(policy trustpolicy.TrustPolicy) error {
	level, err := policy.SignatureVerification.GetVerificationLevel()
	if err != nil {
		return fmt.Errorf("reading trust policy %q: %w", policy.Name, err)
	}
	everywhere := slices.Contains(policy.RegistryScopes, "*")
	switch skipped := level.Name == trustpolicy.LevelSkip.Name; {
	case skipped && everywhere:
		return hint.Add(fmt.Errorf("trust policy %q asks for no signature on any image that no other policy names",
			policy.Name), "give level skip to single repositories, not to *")
	case skipped:
		return nil
	case level.Enforcement[trustpolicy.TypeAuthenticity] != trustpolicy.ActionEnforce:
		return hint.Add(fmt.Errorf("trust policy %q lets in what anybody has signed: it only logs whose it is",
			policy.Name), "give it level strict or permissive")
	}
	return checkStores(policy)
}

// checkStores finds a policy without a certificate to trust.
func checkStores(policy trustpolicy.TrustPolicy) error {
	store := truststore.NewX509TrustStore(dir.ConfigFS())
	for _, name := range policy.TrustStores {
		kind, named, _ := strings.Cut(name, ":")
		certificates, err := store.GetCertificates(context.Background(), truststore.Type(kind), named)
		if err == nil && len(certificates) == 0 {
			err = errors.New("no certificates were found in it")
		}
		if err != nil {
			return hint.Add(fmt.Errorf("trust policy %q refuses every image: reading trust store %q: %w",
				policy.Name, name, err), "add its certificates with notation cert add")
		}
	}
	return nil
}

// leftOut says which images need no signature, as their policies say.
func leftOut(document *trustpolicy.Document) string {
	var scopes []string
	for _, policy := range document.TrustPolicies {
		if policy.SignatureVerification.VerificationLevel == trustpolicy.LevelSkip.Name {
			scopes = append(scopes, policy.RegistryScopes...)
		}
	}
	if len(scopes) == 0 {
		return ""
	}
	return "; by its own words it asks for no signature on " + strings.Join(scopes, ", ")
}
