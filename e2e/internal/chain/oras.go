// Package chain takes an image through the registries with the real tools:
// pushed to CI, signed there by notation, copied to production with oras, and
// verified there.
package chain

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"container-signing/e2e/internal/process"
)

// signatureType is the artifact type of a Notation signature (Notary Project
// signature specification, "Signature Manifest").
const signatureType = "application/vnd.cncf.notary.signature"

// ORAS is the oras CLI.
type ORAS struct {
	process.Tool
	// HTTPS are the registries that speak HTTPS. With all others it speaks
	// plain HTTP.
	HTTPS Hosts
}

// Hosts are registries, by host and port.
type Hosts []string

// has tells whether a reference is in one of the registries.
func (h Hosts) has(reference string) bool {
	host, _, _ := strings.Cut(reference, "/")
	return slices.Contains(h, host)
}

// at returns the flag by which oras finds an image: in an OCI image layout, by
// plain HTTP, or by HTTPS, which needs none. The prefix tells the sides of a
// copy apart: "from-", "to-", or nothing.
func (o ORAS) at(prefix, reference string) []string {
	switch {
	case IsPath(reference):
		return []string{"--" + prefix + "oci-layout"}
	case o.HTTPS.has(reference):
		return nil
	}
	return []string{"--" + prefix + "plain-http"}
}

// IsPath tells whether a reference has to be that of an OCI image layout: no
// registry's name begins like that.
func IsPath(reference string) bool {
	return strings.HasPrefix(reference, "/") || strings.HasPrefix(reference, "./") || strings.HasPrefix(reference, "../")
}

// Push copies an image to a registry, and returns its digest there. The source
// is an image in a registry, read with the credentials of docker's
// configuration, or in an OCI image layout, as FOLDER:TAG.
func (o ORAS) Push(ctx context.Context, source, reference string) (string, error) {
	args := append([]string{"cp", "--no-tty"}, o.at("to-", reference)...)
	switch {
	case IsLayout(source):
		args = append(args, "--from-oci-layout")
	case OnLoopback(source):
		args = append(args, "--from-plain-http")
	}
	if _, err := o.Run(ctx, append(args, source, reference)...); err != nil {
		return "", fmt.Errorf("copying image %q to %q: %w", source, reference, err)
	}
	return o.Resolve(ctx, reference)
}

// Copy copies an image with all that refers to it, its signatures among them,
// from one registry to another. Either may be an OCI image layout, as
// /FOLDER:TAG or ./FOLDER:TAG.
func (o ORAS) Copy(ctx context.Context, from, to string) error {
	args := slices.Concat([]string{"cp", "--no-tty", "-r"}, o.at("from-", from), o.at("to-", to))
	if _, err := o.Run(ctx, append(args, from, to)...); err != nil {
		return fmt.Errorf("copying image %q with its signatures to %q: %w", from, to, err)
	}
	return nil
}

// CopyBare copies an image without what refers to it.
func (o ORAS) CopyBare(ctx context.Context, from, to string) error {
	if _, err := o.Run(ctx, "cp", "--no-tty", "--from-plain-http", "--to-plain-http", from, to); err != nil {
		return fmt.Errorf("copying image %q to %q: %w", from, to, err)
	}
	return nil
}

// Resolve returns the digest of an image in a registry.
func (o ORAS) Resolve(ctx context.Context, reference string) (string, error) {
	args := append([]string{"resolve"}, o.at("", reference)...)
	digest, err := o.Run(ctx, append(args, reference)...)
	if err != nil {
		return "", fmt.Errorf("resolving image %q: %w", reference, err)
	}
	return strings.TrimSpace(digest), nil
}

// Signatures returns the digests of an image's signatures, sorted.
func (o ORAS) Signatures(ctx context.Context, reference string) ([]string, error) {
	args := append([]string{"discover"}, o.at("", reference)...)
	output, err := o.Run(ctx, append(args, "--format", "json", "--artifact-type", signatureType, reference)...)
	if err != nil {
		return nil, fmt.Errorf("listing the signatures of %q: %w", reference, err)
	}
	var discovered struct {
		Referrers []struct{ Digest string } `json:"referrers"`
	}
	if err := json.Unmarshal([]byte(output), &discovered); err != nil {
		return nil, fmt.Errorf("listing the signatures of %q: reading what oras prints: %w", reference, err)
	}
	var digests []string
	for _, referrer := range discovered.Referrers {
		digests = append(digests, referrer.Digest)
	}
	slices.Sort(digests)
	return digests, nil
}

// Repositories lists what a registry holds.
func (o ORAS) Repositories(ctx context.Context, registry string) ([]string, error) {
	output, err := o.Run(ctx, "repo", "ls", "--plain-http", registry)
	if err != nil {
		return nil, fmt.Errorf("listing the repositories of registry %q: %w", registry, err)
	}
	return strings.Fields(output), nil
}

// OnLoopback tells whether an image is in a registry of this machine. docker
// speaks plain HTTP with those too.
func OnLoopback(reference string) bool {
	host, _, _ := strings.Cut(reference, "/")
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// ByDigest is the reference of an image by its digest, in the registry and
// repository of another reference.
func ByDigest(reference, digest string) string {
	repository, _, _ := strings.Cut(reference, "@")
	if i := strings.LastIndex(repository, ":"); i > strings.LastIndex(repository, "/") {
		repository = repository[:i]
	}
	return repository + "@" + digest
}

// IsLayout tells whether a reference names an image in an OCI image layout, as
// FOLDER, FOLDER:TAG or FOLDER@DIGEST.
func IsLayout(reference string) bool {
	_, err := os.Stat(filepath.Join(LayoutFolder(reference), "oci-layout"))
	return err == nil
}

// LayoutFolder returns the folder of a reference to an image in an OCI image
// layout.
func LayoutFolder(reference string) string {
	if i := strings.LastIndex(reference, "@"); i > 0 {
		return reference[:i]
	}
	if i := strings.LastIndex(reference, ":"); i > strings.LastIndex(reference, string(filepath.Separator)) {
		return reference[:i]
	}
	return reference
}
