package lock

import "k8s.io/client-go/rest"

const whyTrust = "Who chooses the CA chooses whose signatures count."

// onTrust are attempts on the CA by which images are verified.
var onTrust = []Attempt{
	refused("ca-deleted", "Deletes the ConfigMap with the CA, to create it with another one.",
		whyTrust, impaired, trust("")),
	refused("ca-deleted-with-all", "Deletes all ConfigMaps of the namespace at once.",
		whyTrust, impaired, request{kind: configMap, namespace: "kyverno"}),
	refused("ca-replaced", "Replaces the CA by one of the attacker's.", whyTrust, impaired, trust(anotherCA)),
	refused("ca-added", "Adds a second file to the ConfigMap.", whyTrust, impaired,
		trust(`{"binaryData": {"more.crt": "YQ=="}}`)),
	refused("ca-emptied", "Empties the ConfigMap: nothing is signed then, and nobody can deploy.",
		whyTrust, impaired, trust(`{"data": null}`)),
	refused("ca-frozen", "Makes the ConfigMap immutable, so that its keepers can't replace a CA that is broken.",
		"A CA whose key is lost has to be replaced at once.", impaired, trust(`{"immutable": true}`)),
	refused("ca-replaced-as-kyverno", "Replaces the CA under the name of Kyverno's account.",
		"What Kyverno may change ends at its webhooks.", impersonated, by(as(admissionController), trust(anotherCA))),
	refused("ca-replaced-as-generator",
		"Has Kyverno generate the ConfigMap anew, by a policy that is kept in step (synchronize).",
		"Kyverno's background controller writes what anybody's policy says.",
		"https://kyverno.io/docs/policy-types/generating-policy/",
		by(as("system:serviceaccount:kyverno:kyverno-background-controller"), trust(anotherCA))),
	refused("ca-deleted-as-cleaner",
		"Has Kyverno delete the ConfigMap, by a policy that cleans up or a label with the time of its end.",
		"Kyverno's cleanup controller deletes what anybody's policy or label says.",
		"https://kyverno.io/docs/policy-types/deleting-policy/",
		by(as("system:serviceaccount:kyverno:kyverno-cleanup-controller"), trust(""))),
	refused("ca-deleted-as-collector",
		"Makes the ConfigMap a dependent of an object and deletes that one: the garbage collector deletes the rest.",
		"Kubernetes' own controllers are deputies of whoever writes an owner reference.", collected,
		by(rest.ImpersonationConfig{
			UserName: "system:serviceaccount:kube-system:generic-garbage-collector",
			Groups:   []string{"system:serviceaccounts", "system:authenticated"},
		}, trust(""))),
}

const anotherCA = `{"data": {"ca.crt": "another CA"}}`

// trust is a request about the ConfigMap with the CA.
func trust(body string) request {
	return request{kind: configMap, namespace: "kyverno", name: "notation-ca", body: body}
}

// by is the same request by another user.
func by(user rest.ImpersonationConfig, r request) request {
	r.as = user
	return r
}
