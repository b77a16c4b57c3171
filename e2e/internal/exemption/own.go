package exemption

// own are the exemptions of the project's own policies, which docs/policies.md
// gives the reasons for. An expression that is changed has another digest, and
// isn't accepted until it stands here again.
var own = []string{
	// Nothing can start in a cluster without what runs there, and Kyverno can't
	// be asked about itself.
	"namespace kube-system",
	"namespace kyverno",
	// Only new images are asked about.
	"what is left to condition new-images (2b419b096599)",
	"what is left to the preconditions (2da3c14b4c1a)",
	// Which images there are, of whom they have to be signed, and which of them
	// are refused.
	"what is left to a validation (66aae0924bd0)",
	"what is left to attestors (dc7a9317aeb5)",
	"what is left to attestors notation (903c034ab410)",
	"what is left to context trust (f546d84682d2)",
	"what is left to images containers (82e71afa6c3e)",
	"what is left to images ephemeralContainers (2b3fcf033464)",
	"what is left to images initContainers (589ab237c981)",
	"what is left to variables images (f8684e3545b5)",
	"what is left to variables pod (66f967a1dc85)",
	"what is left to variables refused (61a2de809b47)",
	"what is left to variables refused (87f7cdfbc3c4)",
	"what is left to variables refused (cd3782ebdba2)",
	"what is left to variables trust (90ac43cabe83)",
}
