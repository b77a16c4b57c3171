package bypass

import (
	"context"
	"regexp"
)

// Excluded is a namespace that the policies leave out.
const Excluded = "kube-system"

// A way leads an image around admission.
type way struct {
	// name is that of the verdict.
	name string
	// image is how the run calls the image.
	image string
	// because must match the image verifier's reason. It is nil if the verifier
	// must allow the image.
	because *regexp.Regexp
}

// What the image verifier must say. That it "accepts no Notation signature" says
// that there is one.
var (
	unsigned  = regexp.MustCompile(`(?:^|: )no Notation signature on `)
	untrusted = regexp.MustCompile(`accepts no Notation signature on .*does not contain any trusted certificate`)
)

// A podWay is a pod that no policy judges.
type podWay struct {
	way
	pod, namespace string
}

var (
	// beforePolicy is created while no policy is in force yet.
	beforePolicy = podWay{way{"bypass/pod-before-the-policy", "unsigned", unsigned}, "before-the-policy", "default"}
	// staticPod is a file that kubelet reads. The API server isn't asked.
	staticPod = podWay{way{"bypass/static-pod", "unsigned", unsigned}, "static", "default"}
	// excludedPods are created in a namespace that the policies leave out.
	excludedPods = []podWay{
		{way{"bypass/pod-in-" + Excluded, "unsigned", unsigned}, "unsigned", Excluded},
		{way{"bypass/pod-in-" + Excluded + "-another-ca", "signed-by-another-ca", untrusted}, "another-ca", Excluded},
		{way{"bypass/pod-in-" + Excluded + "-copied", "copied-without-signature", unsigned}, "copied", Excluded},
		{way{"bypass/pod-in-" + Excluded + "-signed", "signed", nil}, "signed", Excluded},
	}
)

// A pullWay is a pull by hand on the node, by one of the two interfaces that
// containerd has for that.
type pullWay struct {
	way
	pull func(ctx context.Context, reference string) error
}

func pulls(node Node) []pullWay {
	return []pullWay{
		{way{"bypass/ctr-pull", "unsigned", unsigned}, node.CtrPull},
		{way{"bypass/cri-pull", "unsigned", unsigned}, node.Runtime.Pull},
		{way{"bypass/cri-pull-another-ca", "signed-by-another-ca", untrusted}, node.Runtime.Pull},
		{way{"bypass/cri-pull-signed", "signed", nil}, node.Runtime.Pull},
	}
}
