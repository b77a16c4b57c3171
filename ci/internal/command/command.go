// Package command makes the command lines that containers run: of this
// project's program e2e, of notation and of oras.
package command

import (
	"fmt"
	"slices"
	"strings"

	"dagger/container-signing/internal/reference"
)

// Program is where containers have the program e2e.
const Program = "/usr/local/bin/e2e"

// DemonstrationSigner is a signer for a container without a shell and openssl:
// the program e2e itself.
const DemonstrationSigner = Program + " signer"

// Credentials makes the authority of a cluster, and a kubeconfig for a server.
func Credentials(folder, server string) []string {
	return []string{"e2e", "credentials", "--output", folder, "--server", server}
}

// Certificates makes those of a demonstration, for its name.
func Certificates(folder, name string) []string {
	return []string{"e2e", "certificates", "--output", folder, "--name", name}
}

// Authorities reads those that vouch for a certificate chain. An empty ca means
// the chain's root.
func Authorities(folder, chain, ca string) []string {
	reading := []string{"e2e", "certificates", "--output", folder, "--certificate-chain", chain}
	return append(reading, optional("--ca", ca)...)
}

// Trust makes notation trust a CA. An empty store means the default, and an
// empty policy one that demands the CA's word of all images.
func Trust(ca, store, policy string) []string {
	return slices.Concat(
		[]string{"e2e", "trust", "--ca", ca},
		optional("--trust-store", store),
		optional("--trust-policy", policy),
	)
}

// A Signing is what `e2e sign` needs to know.
type Signing struct {
	// Signer is a command.
	Signer, CertificateChain, KeyID, Timeout, Envelope string
	// Conceal are the flags that name the signer's secrets.
	Conceal []string
	// Insecure is the flag for registries with plain HTTP, if they are that.
	Insecure []string
	Images   []reference.Image
	Parallel int
	// Output is the file that tells what was signed.
	Output string
}

// Command is the command line.
func (s Signing) Command() []string {
	command := []string{
		"e2e", "sign", "-v", "--output", s.Output, "--parallel", fmt.Sprint(s.Parallel),
		"--signer", s.Signer, "--certificate-chain", s.CertificateChain,
		"--key-id", s.KeyID, "--signer-timeout", s.Timeout, "--signature-format", s.Envelope,
	}
	command = slices.Concat(command, s.Conceal, s.Insecure)
	for _, image := range s.Images {
		command = append(command, "--image", image.String())
	}
	return command
}

// ConcealFile and ConcealVariable are flags of `e2e sign` for a secret.
func ConcealFile(path string) []string { return []string{"--conceal-file", path} }

// ConcealVariable is the flag for a secret in the environment.
func ConcealVariable(name string) []string { return []string{"--conceal-env", name} }

// Push pushes the images of a run to the CI registry, derived from the one in an
// OCI image layout, or from one that is made if that is empty. The state tells
// of them.
func Push(state string, ci reference.Registry, layout string, ownSigner bool) []string {
	command := []string{"e2e", "push", "-v", "--ci-registry", string(ci), "--state", state}
	command = append(command, optional("--image", layout)...)
	if ownSigner {
		command = append(command, "--own-signer")
	}
	return command
}

// Promote copies the images of a run to production, verifies them there, and
// pushes what an intruder would: with the keys of a demonstration in a folder, if
// it is one.
func Promote(state, ca, keys string, ci, production reference.Registry) []string {
	command := []string{
		"e2e", "promote", "-v", "--ca", ca, "--state", state,
		"--ci-registry", string(ci), "--production-registry", string(production),
	}
	return append(command, optional("--keys", keys)...)
}

// Fetch copies an image from a registry to an OCI image layout.
func Fetch(image reference.Image, insecure []string, layout string) []string {
	return slices.Concat(
		[]string{"oras", "cp", "--no-tty"},
		insecure,
		[]string{image.String(), "--to-oci-layout", layout},
	)
}

// Copy copies an image with its signatures, between registries and OCI image
// layouts. The flags say which of the registries speak plain HTTP; the output
// tells what was copied.
func Copy(from, to, output string, insecure ...string) []string {
	return slices.Concat(
		[]string{"e2e", "copy", "-v", "--output", output},
		insecure,
		[]string{"--from", from, "--to", to},
	)
}

// Notation runs a command of notation on an image.
func Notation(verb string, image reference.Image, insecure []string) []string {
	return slices.Concat([]string{"notation", verb}, insecure, []string{image.String()})
}

// optional is a flag with a value, or nothing without a value.
func optional(flag, value string) []string {
	if value == "" {
		return nil
	}
	return []string{flag, value}
}

// Pack makes an archive of a folder at the root: the same content gives the same
// archive.
func Pack(archive, folder string) []string {
	return []string{
		"tar", "-C", "/", "--sort=name", "--owner=0", "--group=0", "--numeric-owner", "--mtime=@0",
		"-cf", archive, strings.TrimPrefix(folder, "/"),
	}
}

// Unpack unpacks an archive at the root.
func Unpack(archive string) []string { return []string{"tar", "-C", "/", "-xf", archive} }
