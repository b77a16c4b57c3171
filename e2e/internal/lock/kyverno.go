package lock

import "fmt"

const whyKyverno = "Where Kyverno is taken away for good it takes its webhooks along, and nobody is asked any more."

// onKyverno are attempts on Kyverno itself.
var onKyverno = []Attempt{
	refused("kyverno-scaled-to-nothing", "Scales Kyverno's admission controller to nothing.",
		whyKyverno, impaired, scaled(0)),
	refused("kyverno-without-replicas", "Sets the number of Kyverno's replicas to 0 in its Deployment.",
		whyKyverno, impaired, controller(`{"spec": {"replicas": 0}}`)),
	refused("kyverno-deleted", "Deletes the Deployment of Kyverno's admission controller.",
		whyKyverno, impaired, controller("")),
	refused("kyverno-replaced", "Gives Kyverno's Deployment another image, which says yes to everything.",
		"Who answers for Kyverno decides what is admitted.", impaired,
		controller(`[{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "another"}]`)),
	refused("kyverno-filters", "Tells Kyverno to leave out all resources, in its ConfigMap.",
		"What Kyverno's resource filters name it lets in, whatever a policy says.", filters,
		configuration(`{"data": {"resourceFilters": "[*/*,*,*]"}}`)),
	refused("kyverno-configuration-deleted", "Deletes Kyverno's ConfigMap, to create it with other filters.",
		"What Kyverno's resource filters name it lets in, whatever a policy says.", filters, configuration("")),
	refused("kyverno-namespace-deleted", "Deletes the namespace of Kyverno, with the CA.",
		whyKyverno, impaired, request{kind: namespace, name: "kyverno"}),
}

func controller(body string) request {
	return request{kind: deployment, namespace: "kyverno", name: "kyverno-admission-controller", body: body}
}

// scaled sets Kyverno's replicas by the subresource for that.
func scaled(replicas int) request {
	r := controller(fmt.Sprintf(`{"spec": {"replicas": %d}}`, replicas))
	r.subresource = "scale"
	return r
}

func configuration(body string) request {
	return request{kind: configMap, namespace: "kyverno", name: "kyverno", body: body}
}
