package mutant

import (
	"regexp"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Why no request of a run finds a hole, and why it is none.
const (
	unknownName = "no request of a run has the label, the annotation or the name: nobody knows it"
	account     = "no request of a run is made by that account"
	fault       = "it shows only while Kyverno or the API server can't judge"
	covered     = "another of the policies refuses the same"
	noImage     = "no image can get there that way: the API lets nobody do it"
	noVolume    = "no image volume can get there that way: the volumes of a pod stay, and none is admitted that could change"
	sameResult  = "what is admitted is the same"
)

// An exception is a mutant that needn't come out by requests.
type exception struct {
	beside   string // the kind of Kyverno's policy; empty for any
	name     *regexp.Regexp
	expected Expected
	reason   string
}

func except(beside, name string, expected Expected, reason string) exception {
	return exception{beside, regexp.MustCompile("^(?:" + name + ")$"), expected, reason}
}

var exceptions = []exception{
	except("", `.*: (objects|namespaces) with a label left out`, ByReading, unknownName),
	except("", `.*: what (has a label|has an annotation|is called something) left out`, ByReading, unknownName),
	except("", `.*: what is in a namespace with a label left out`, ByReading, unknownName),
	except("", `.*: what has a label not asked about`, ByReading, unknownName),
	except("", `.*: (an object left out by its name|a namespace left out that nobody has)`, ByReading, unknownName),
	except("", `.*: (somebody's requests|requests of a role) left out`, ByReading, account),
	except("", `.*: failurePolicy Ignore`, ByReading, fault),
	except("", `.*: CREATE of pods/ephemeralcontainers left out`, ByReading, noImage),
	except("", `.*: UPDATE of jobs left out`, ByReading, noImage),
	except("", `.*: (verifyDigest|required) off`, Same, sameResult),
	except("", `.*: a shorter timeout`, Same, sameResult),
	except("ImageValidatingPolicy", `require-notation: only (images with a colon|images by digest verified)`, ByReading, covered),
	except("ImageValidatingPolicy", `require-notation: no webhook of its own`, Same, "its conditions give it one"),
	except("ImageValidatingPolicy", `require-pinned-images: UPDATE of pods(/ephemeralcontainers)? left out`, ByReading, covered),
	except("ImageValidatingPolicy", `require-pinned-images.*: subresources (excluded|left out)`, ByReading, covered),
	except("ImageValidatingPolicy", `require-pinned-images: new (c|initC|ephemeralC)ontainers not asked about`, ByReading, covered),
	except("ImageValidatingPolicy", `require-pinned-images: only more images asked about`, ByReading, covered),
	except("ImageValidatingPolicy", `require-pinned-images: .*ontainers? (not )?looked at`, ByReading, covered),
	except("ImageValidatingPolicy", `require-pinned-images: .*[^t] allowed in names`, ByReading, covered),
	except("ImageValidatingPolicy", `require-pinned-images: a(nything after a| short) digest allowed in names`, ByReading, covered),
	except("ImageValidatingPolicy", `require-pinned-images: (an empty part|dots as a part|any port) allowed in names`,
		ByReading, covered),
	except("ClusterPolicy", `refuse-image-volumes: UPDATE of pods(/ephemeralcontainers)? left out`, ByReading, noVolume),
	except("ClusterPolicy", `refuse-image-volumes.*: subresources (excluded|left out)`, ByReading, noVolume),
	except("ClusterPolicy", `refuse-image-volumes: only more images asked about`, ByReading, noVolume),
	except("ClusterPolicy", `refuse-image-volumes: new (c|initC|ephemeralC)ontainers not asked about`, Same,
		"the policy looks at volumes only"),
	except("ClusterPolicy", `require-notation: but for images (of another registry|with the tag latest)`,
		ByReading, unknownName),
	except("ClusterPolicy", `require-notation: only images with a colon`, ByReading, covered),
	except("ClusterPolicy", `require-notation: Audit in some namespaces`, Same,
		"Kyverno heeds it for other kinds of rules only"),
	except("ClusterPolicy", `require-notation: no count of attestors`, Same, "all of one have to attest"),
	except("ClusterPolicy", `require-notation: what was verified is remembered`, ByReading,
		"the Kyverno of a run remembers nothing"),
	except("ClusterPolicy", `require-pinned-images: (new volumes not asked about|volumes not looked at)`, ByReading, covered),
	except("ClusterPolicy", `require-pinned-images: (upper case in a registry|no digest|any kind of digest|IPv6 addresses) `+
		`allowed in names`, ByReading, covered),
	except("", `.*: other versions of the API left out`, ByReading, "each kind has one version only"),
}

func (e exception) fits(policies []*unstructured.Unstructured, name string) bool {
	beside := e.beside == "" || slices.ContainsFunc(policies, func(p *unstructured.Unstructured) bool {
		return p.GetKind() == e.beside
	})
	return beside && e.name.MatchString(name)
}

// known tells how a mutant must be noticed, and why not by a request.
func known(policies []*unstructured.Unstructured, name string) (Expected, string) {
	for _, one := range exceptions {
		if one.fits(policies, name) {
			return one.expected, one.reason
		}
	}
	return ByRequests, ""
}
