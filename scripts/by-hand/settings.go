package main

import (
	"crypto"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	_ "crypto/sha256" // SHA-256 for crypto.Hash
	_ "crypto/sha512" // SHA-384 and SHA-512 for crypto.Hash
)

// settings is what the environment says.
type settings struct {
	folder   string // absolute
	notify   string
	deadline deadline
	keyID    string
	spec     keySpec
}

// keySpec is a kind of key with the one way in which Notation signs with it
// (signature specification, "Signature Algorithm Requirements").
type keySpec struct {
	name      string
	hash      crypto.Hash
	algorithm string
	size      int // of a signature, in bytes; r‖s for ECDSA
}

var keySpecs = []keySpec{
	{"RSA-2048", crypto.SHA256, "RSASSA-PSS-SHA-256", 2048 / 8},
	{"RSA-3072", crypto.SHA384, "RSASSA-PSS-SHA-384", 3072 / 8},
	{"RSA-4096", crypto.SHA512, "RSASSA-PSS-SHA-512", 4096 / 8},
	{"EC-256", crypto.SHA256, "ECDSA-SHA-256", 2 * 32},
	{"EC-384", crypto.SHA384, "ECDSA-SHA-384", 2 * 48},
	{"EC-521", crypto.SHA512, "ECDSA-SHA-512", 2 * 66},
}

func (k keySpec) elliptic() bool { return strings.HasPrefix(k.name, "EC-") }

// readSettings reads the environment by getenv and checks what can be checked
// before anybody is asked for anything.
func readSettings(getenv func(string) string) (settings, error) {
	s := settings{
		folder: getenv("EXTERNAL_SIGNING_FOLDER"),
		notify: getenv("EXTERNAL_NOTIFY"),
		keyID:  getenv("SIGNER_KEY_ID"),
	}
	var err error
	if s.folder == "" {
		return s, fmt.Errorf("EXTERNAL_SIGNING_FOLDER is not set: set it to the folder for signing requests")
	}
	if info, err := os.Stat(s.folder); err != nil {
		return s, fmt.Errorf("looking for the signing folder (EXTERNAL_SIGNING_FOLDER): %w", err)
	} else if !info.IsDir() {
		return s, fmt.Errorf("signing folder %q (EXTERNAL_SIGNING_FOLDER) is not a folder", s.folder)
	}
	if s.folder, err = filepath.Abs(s.folder); err != nil {
		return s, fmt.Errorf("finding the signing folder %q: %w", s.folder, err)
	}
	if s.deadline, err = readDeadline(getenv, time.Now()); err != nil {
		return s, err
	}
	s.spec, err = findKeySpec(getenv("SIGNER_KEY_SPEC"))
	return s, err
}

func findKeySpec(name string) (keySpec, error) {
	if name == "" {
		return keySpec{}, fmt.Errorf("SIGNER_KEY_SPEC is not set: the plugin sets it; to try the signer without the plugin set it to RSA-3072 or what the key is")
	}
	var known []string
	for _, k := range keySpecs {
		if k.name == name {
			return k, nil
		}
		known = append(known, k.name)
	}
	return keySpec{}, fmt.Errorf("key spec %q is unknown: Notation has %s", name, strings.Join(known, ", "))
}
