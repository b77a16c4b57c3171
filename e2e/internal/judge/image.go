package judge

// Images maps the names by which workloads call images to the images.
type Images map[string]Image

// An Image is what a name in a workload stands for.
type Image struct {
	// Reference is put into the manifests.
	Reference string
	// Digest is what an admitted image must be pinned to, such as "sha256:…".
	Digest string
	// SameContent are digests by which a container runtime may call it as well:
	// it knows images by their configuration, and names the first that it has
	// pulled of those that share one.
	SameContent []string
	// Fault says in a few words why the image must be refused, such as "signed
	// by another CA": a policy may give the same reason for several faults.
	// Empty for images that must be admitted.
	Fault string
}

// references maps the names of images to what is put into manifests.
func (all Images) references() map[string]string {
	references := map[string]string{}
	for name, image := range all {
		references[name] = image.Reference
	}
	return references
}

// reference returns what is put into manifests for an image, by its name or by
// its reference already.
func (all Images) reference(name string) string {
	if image, known := all[name]; known {
		return image.Reference
	}
	return name
}

// sameContent returns the digests by which a container runtime may call the
// image with a digest.
func (all Images) sameContent(digest string) []string {
	var same []string
	for _, image := range all {
		if image.Digest == digest {
			same = append(same, image.SameContent...)
		}
	}
	return same
}
