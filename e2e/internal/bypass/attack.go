package bypass

import "container-signing/e2e/internal/report"

// Where these ways are known from.
const (
	staticPods   = "https://kubernetes.io/docs/tasks/configure-pod-container/static-pod/"
	goodPractice = "https://kubernetes.io/docs/concepts/cluster-administration/admission-webhooks-good-practices/"
	verification = "https://github.com/containerd/containerd/blob/main/docs/image-verification.md"
	criSettings  = "https://github.com/containerd/containerd/blob/main/docs/cri/config.md"
	trustPolicy  = "https://github.com/notaryproject/specifications/blob/main/specs/trust-store-trust-policy.md"
	signatures   = "https://github.com/notaryproject/specifications/blob/main/specs/signature-specification.md"
)

// onlyLock is why the node must stop what no policy is asked about.
const onlyLock = "No policy is asked about it: the node is the only lock that is left."

// attacks are what is tried by the ways on which the image verifier must refuse
// an image, and by the one that takes it off.
var attacks = map[string]report.Attack{
	"bypass/pod-before-the-policy": told(
		"Creates a pod with an unsigned image before the policy is there, and waits for it to be pulled.",
		"Policies judge what is created or changed while they are in force: "+
			"only the node sees the pull that comes later.",
		goodPractice,
	),
	"bypass/static-pod": told(
		"Writes the manifest of a pod with an unsigned image into the folder from which kubelet takes static pods.",
		"kubelet runs static pods without asking the API server: the node is the only lock that is left.",
		staticPods,
	),
	"bypass/pod-in-kube-system": told(
		"Creates a pod with an unsigned image in a namespace that the policies leave out.", onlyLock, goodPractice,
	),
	"bypass/pod-in-kube-system-another-ca": told(
		"Signs an image with a certificate of a CA that nobody trusts, and runs it in a namespace that the policies "+
			"leave out.",
		"A signature is worth what its certificate is: the trust policy trusts another CA. "+onlyLock,
		trustPolicy,
	),
	"bypass/pod-in-kube-system-copied": told(
		"Copies a signed image into another repository without its signature, and runs it in a namespace that the "+
			"policies leave out.",
		"A signature is looked for in the repository that the image is named after. "+onlyLock,
		signatures,
	),
	"bypass/ctr-pull": told(
		"Pulls an unsigned image on the node with containerd's own tool, ctr.",
		"Nothing of Kubernetes is asked: containerd must ask before it uses the pull.", verification,
	),
	"bypass/cri-pull": told(
		"Pulls an unsigned image on the node by the Container Runtime Interface, as kubelet or crictl does.",
		"Whoever reaches containerd's socket needs neither the API server nor kubelet.", verification,
	),
	"bypass/cri-pull-another-ca": told(
		"Pulls an image that is signed under a CA that nobody trusts, on the node by the Container Runtime Interface.",
		"That there is a signature is no reason to use an image: the trust policy trusts another CA.", trustPolicy,
	),
	"doctor/lock-off": told(
		"Sets discard_unpacked_layers in a drop-in of containerd's, as kind's and EKS' nodes do, and pulls an "+
			"unsigned image.",
		"With that setting containerd asks no verifier, so nobody stops the pull: the doctor must notice, and name "+
			"the setting and its file.",
		criSettings,
	),
	"doctor/lock-on": told(
		"Pulls an unsigned image after that drop-in is gone and containerd is restarted.",
		"A lock that stays off would be the setting's lasting gain: containerd must ask again, and the doctor see it.",
		verification,
	),
}

func told(does, why, knownFrom string) report.Attack {
	return report.Attack{Does: does, Why: why, KnownFrom: knownFrom}
}

// attackOf returns what a way tries; nil if it is no attack.
func attackOf(name string) *report.Attack {
	if attack, ok := attacks[name]; ok {
		return &attack
	}
	return nil
}
