package mutant

// Why no request of a run finds a hole, and why it is none.
const (
	unknownName = "no request of a run has the label, the annotation or the name: nobody knows it"
	account     = "no request of a run is made by that account"
	fault       = "it shows only while Kyverno or the API server can't judge, which `e2e faults` tries"
	covered     = "another of the policies refuses the same"
	noImage     = "no image can get there that way: the API lets nobody do it"
	noVolume    = "the volumes of a pod stay, and no image volume is admitted that could be changed"
	sameResult  = "what is admitted is the same"
)

const (
	anyKind = ""
	each    = ".*"
	ivp     = "ImageValidatingPolicy"
	cpol    = "ClusterPolicy"
	kyverno = "require-notation"
	pinned  = "require-pinned-images"
	volumes = "refuse-image-volumes"
)

// exceptions have the mutants that no workload can notice, so far as anybody
// knows. `e2e mutants --exceptions` tries whether that is still so.
var exceptions = []exception{
	read(anyKind, each, `(objects|namespaces|what is in a namespace) with a label left out`, unknownName),
	read(ivp, each, `what (has a label|has an annotation|is called something) left out`, unknownName),
	read(cpol, pinned+"|"+volumes, `what (has a label|has an annotation|is called something) left out`, unknownName),
	read(anyKind, each, `what has a label not asked about`, unknownName),
	read(anyKind, each, `(an object left out by its name|a namespace left out that nobody has)`, unknownName),
	read(anyKind, each, `(somebody's requests|requests of a role) left out`, account),
	read(ivp, each, `failurePolicy Ignore`, fault),
	read(cpol, pinned+"|"+volumes, `failurePolicy Ignore`, fault),
	read(anyKind, each, `CREATE of pods/ephemeralcontainers left out`, noImage),
	read(anyKind, each, `UPDATE of jobs left out`, noImage),
	read(anyKind, each, `other versions of the API left out`, "each kind has one version only"),
	same(anyKind, each, `(verifyDigest|required) off`, sameResult),
	same(anyKind, each, `a shorter timeout`, sameResult),

	read(ivp, kyverno, `only images (with a colon|by digest verified)`, covered),
	same(ivp, kyverno, `no webhook of its own`, "its conditions give it one"),
	read(ivp, pinned, `UPDATE of pods(/ephemeralcontainers)? left out`, covered),
	read(ivp, pinned, `subresources (excluded|left out)`, covered),
	read(ivp, pinned, `new (c|initC|ephemeralC)ontainers not asked about`, covered),
	read(ivp, pinned, `only more images asked about`, covered),
	read(ivp, pinned, `(only the first c|initC|ephemeralC)ontainers? (not )?looked at`, covered),
	read(ivp, pinned, `any(thing before a name|thing after a digest| length| port) allowed in names`, covered),
	read(ivp, pinned, `a (scheme|user) allowed in names`, covered),
	read(ivp, pinned, `(dots side by side|upper case) in a re(gistry|pository) allowed in names`, covered),
	read(ivp, pinned, `(an empty (part|tag)|dots as a part|a short digest|IPv6 addresses) allowed in names`, covered),

	read(cpol, kyverno, `but for images (of another registry|with the tag latest)`, unknownName),
	read(cpol, kyverno, `only images with a colon`, covered),
	same(cpol, kyverno, `Audit in some namespaces`, "Kyverno heeds it for other kinds of rules only"),
	same(cpol, kyverno, `no count of attestors`, "all of one have to attest"),
	read(cpol, kyverno, `what was verified is remembered`, "the Kyverno of a run remembers nothing"),
	read(cpol, pinned, `(new volumes not asked about|volumes not looked at)`, covered),
	read(cpol, pinned,
		`(upper case in a registry|no digest|any kind of digest|IPv6 addresses) allowed in names`, covered),
	read(cpol, volumes, `UPDATE of pods(/ephemeralcontainers)? left out`, noVolume),
	read(cpol, volumes, `subresources (excluded|left out)`, noVolume),
	read(cpol, volumes, `only more images asked about`, noVolume),
	same(cpol, volumes, `new (c|initC|ephemeralC)ontainers not asked about`, "the policy looks at volumes only"),
}
