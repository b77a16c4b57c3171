package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"container-signing/internal/hint"
	"container-signing/internal/keyspec"
)

// settings is what the environment says.
type settings struct {
	folder   string // absolute
	notify   string
	deadline deadline
	keyID    string
	spec     keyspec.Spec
}

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
		return s, hint.Add(errors.New("EXTERNAL_SIGNING_FOLDER is not set"),
			"set it to the folder for signing requests")
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
	s.spec, err = readKeySpec(getenv("SIGNER_KEY_SPEC"))
	return s, err
}

func readKeySpec(name string) (keyspec.Spec, error) {
	if name == "" {
		return keyspec.Spec{}, hint.Add(errors.New("SIGNER_KEY_SPEC is not set"),
			"the plugin sets it; to try the signer without the plugin set it to RSA-3072 or what the key is")
	}
	spec, err := keyspec.Named(name)
	if err != nil {
		return keyspec.Spec{}, fmt.Errorf("reading SIGNER_KEY_SPEC: %w", err)
	}
	return spec, nil
}
