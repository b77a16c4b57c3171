package pki

import "container-signing/internal/keyspec"

// KeySpecs lists the key specs that a demonstration chain can be made for.
func KeySpecs() []string { return keyspec.Names() }

// CheckKeySpec returns an error if spec isn't one of [KeySpecs].
func CheckKeySpec(spec string) error {
	_, err := keyspec.Named(spec)
	return err
}
