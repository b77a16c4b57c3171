package lock

const (
	whyDefinitions = "With the definition of their kind all policies of it are deleted."
	whyAPI         = "Who answers for an API tells Kyverno that there are no policies, " +
		"and the API server that there are no webhooks."
	// elsewhere makes an API be served by a service of the attacker's.
	elsewhere = `{"spec": {"service": {"namespace": "default", "name": "attacker"}, "insecureSkipTLSVerify": true}}`
)

// onAPI are attempts on the APIs in which the policies are kept.
var onAPI = []Attempt{
	refused("definition-deleted", "Deletes Kyverno's definition of ImageValidatingPolicies.",
		whyDefinitions, impaired, defined("imagevalidatingpolicies.policies.kyverno.io", "")),
	refused("definition-of-clusterpolicies-deleted", "Deletes Kyverno's definition of ClusterPolicies.",
		whyDefinitions, impaired, defined("clusterpolicies.kyverno.io", "")),
	refused("definition-unserved", "Has the API server no longer serve Kyverno's ImageValidatingPolicies.",
		"Kyverno finds no policies then.", impaired, defined("imagevalidatingpolicies.policies.kyverno.io",
			`[{"op": "replace", "path": "/spec/versions/0/served", "value": false}]`)),
	refused("api-of-policies-led-away", "Has a server of the attacker's answer for the API of Kyverno's policies.",
		whyAPI, aggregated, served("v1.policies.kyverno.io", elsewhere)),
	refused("api-of-clusterpolicies-led-away", "Has a server of the attacker's answer for the API of ClusterPolicies.",
		whyAPI, aggregated, served("v1.kyverno.io", elsewhere)),
	refused("api-of-webhooks-led-away", "Has a server of the attacker's answer for the API of webhooks.",
		whyAPI, aggregated, served("v1.admissionregistration.k8s.io", elsewhere)),
	refused("api-of-pods-led-away", "Has a server of the attacker's answer for the API of pods and ConfigMaps.",
		whyAPI, aggregated, served("v1.", elsewhere)),
	refused("api-of-definitions-led-away", "Has a server of the attacker's answer for the API of definitions.",
		"Who answers for it tells the API server to read the policies otherwise than they are kept.",
		aggregated, served("v1.apiextensions.k8s.io", elsewhere)),
	refused("api-of-rights-led-away", "Has a server of the attacker's answer for the API of roles.",
		whyRights, aggregated, served("v1.rbac.authorization.k8s.io", elsewhere)),
	refused("api-of-reviews-led-away", "Has a server of the attacker's answer who may do what.",
		whyRights, aggregated, served("v1.authorization.k8s.io", elsewhere)),
	refused("api-of-tokens-led-away", "Has a server of the attacker's answer whose token it is.",
		whyRights, aggregated, served("v1.authentication.k8s.io", elsewhere)),
	refused("api-deleted", "Deletes the API of Kyverno's policies, to create it anew with a server of the attacker's.",
		whyAPI, aggregated, served("v1.policies.kyverno.io", "")),
	refused("api-added", "Adds a version of the API of Kyverno's policies, for which the attacker's server answers.",
		whyAPI, aggregated, request{kind: apiService, body: `{"apiVersion": "apiregistration.k8s.io/v1",
			"kind": "APIService", "metadata": {"name": "v9.policies.kyverno.io"},
			"spec": {"group": "policies.kyverno.io", "version": "v9", "groupPriorityMinimum": 9000,
				"versionPriority": 900, "insecureSkipTLSVerify": true,
				"service": {"namespace": "default", "name": "attacker"}}}`}),
}

const whyExceptions = "An exception takes the lock off for whatever it names."

// onExceptions are Kyverno's own ways to leave something out.
var onExceptions = []Attempt{
	refused("exception-created", "Creates an exception of Kyverno's from the ImageValidatingPolicy.",
		whyExceptions, exceptions, request{
			kind: kindOf("PolicyException", "policies.kyverno.io", "v1"), namespace: "default",
			body: `{"apiVersion": "policies.kyverno.io/v1", "kind": "PolicyException", "metadata": {"name": "all"},
				"spec": {"policyRefs": [{"name": "require-notation", "kind": "ImageValidatingPolicy"}]}}`,
		}),
	refused("exception-from-clusterpolicy-created", "Creates an exception of Kyverno's from the ClusterPolicy.",
		whyExceptions, exceptions, exceptionOf("v2")),
	refused("exception-by-old-api-created", "Creates it by an older version of the API.",
		whyExceptions, exceptions, exceptionOf("v2beta1")),
}

func defined(name, body string) request { return request{kind: definition, name: name, body: body} }

func served(name, body string) request { return request{kind: apiService, name: name, body: body} }

// exceptionOf creates an exception from the ClusterPolicy by a version of the
// API.
func exceptionOf(version string) request {
	return request{
		kind: kindOf("PolicyException", "kyverno.io", version), namespace: "default",
		body: `{"apiVersion": "kyverno.io/` + version + `", "kind": "PolicyException", "metadata": {"name": "all"},
			"spec": {"exceptions": [{"policyName": "require-notation", "ruleNames": ["*"]}],
				"match": {"any": [{"resources": {"kinds": ["Pod"]}}]}}}`,
	}
}
