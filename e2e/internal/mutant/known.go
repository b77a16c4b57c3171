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
