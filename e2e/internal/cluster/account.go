package cluster

const (
	// KyvernoNamespace is the namespace of Kyverno's own objects.
	KyvernoNamespace = "kyverno"
	// kyvernoAccount is the name that Kyverno's chart gives to the service
	// account of its admission controller, and to its Deployment.
	kyvernoAccount = "kyverno-admission-controller"
	// kyvernoRole is what it calls the roles of that account, or begins their names
	// with.
	kyvernoRole = "kyverno:admission-controller"
)
