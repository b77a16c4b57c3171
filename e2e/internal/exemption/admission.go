package exemption

// imageValidatingPolicy reads the spec of a policies.kyverno.io/v1
// ImageValidatingPolicy.
func (r *reader) imageValidatingPolicy(spec map[string]any) {
	r.failurePolicy(spec)
	r.actions(spec)
	delete(inner(spec, "webhookConfiguration"), "timeoutSeconds")
	r.constraints(spec)
	r.conditions(spec)
	r.imageReferences(spec)
	validation := takeMap(spec, "validationConfigurations")
	for _, key := range []string{"mutateDigest", "verifyDigest", "required"} {
		if on, ok := take[bool](validation, key); !ok || !on {
			r.say("what %s would see to, which is off", key)
		}
	}
	r.rest("spec.validationConfigurations", validation)
	for _, key := range []string{"images", "variables", "attestors", "attestations"} {
		all := takeMaps(spec, key)
		for _, one := range all {
			r.expression(key+" "+text(one, "name"), one)
		}
		// Kyverno's own lists have no images of volumes.
		if len(all) == 0 && (key == "images" || key == "attestors") {
			r.say("what %s would name, of which it has none", key)
		}
	}
	r.validations(spec)
	r.evaluation(spec)
}

// imageReferences tells which images aren't looked at: of those that no glob
// fits Kyverno asks nothing.
func (r *reader) imageReferences(spec map[string]any) {
	var all []any
	everything := false
	for _, reference := range takeMaps(spec, "matchImageReferences") {
		everything = everything || len(reference) == 1 && reference["glob"] == "*"
		all = append(all, reference)
	}
	if !everything {
		r.say("images other than %s", brief(all))
	}
}

// validations are told by their digest, without what they say to people.
func (r *reader) validations(spec map[string]any) {
	validations := takeMaps(spec, "validations")
	if len(validations) == 0 {
		r.say("everything: it validates nothing")
	}
	for _, validation := range validations {
		for _, words := range []string{"message", "messageExpression", "reason"} {
			delete(validation, words)
		}
		r.expression("a validation", validation)
	}
}

// evaluation tells if requests aren't judged, or only some of them. What is
// made of objects that are there already lets nothing in.
func (r *reader) evaluation(spec map[string]any) {
	evaluation := inner(spec, "evaluation")
	if admission := inner(evaluation, "admission"); admission != nil {
		if enabled, ok := take[bool](admission, "enabled"); ok && !enabled {
			r.say("everything: admission isn't judged")
		}
	}
	delete(evaluation, "background")
	if mode, ok := take[string](evaluation, "mode"); ok && mode != "Kubernetes" {
		r.say("what Kubernetes asks (evaluation mode %s)", mode)
	}
	r.rest("spec.evaluation", evaluation)
	delete(spec, "evaluation")
}

// validatingAdmissionPolicy reads the spec of an
// admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy.
func (r *reader) validatingAdmissionPolicy(spec map[string]any) {
	r.failurePolicy(spec)
	r.constraints(spec)
	r.conditions(spec)
	for _, variable := range takeMaps(spec, "variables") {
		r.expression("variables "+text(variable, "name"), variable)
	}
	r.validations(spec)
	delete(spec, "auditAnnotations")
}

// binding reads the spec of a ValidatingAdmissionPolicyBinding. Without
// matchResources it binds the policy to all that this matches.
func (r *reader) binding(spec map[string]any) {
	r.actions(spec)
	delete(spec, "policyName")
	match := takeMap(spec, "matchResources")
	r.namespaces(match)
	r.labels("objects", takeMap(match, "objectSelector"))
	for _, key := range []string{"resourceRules", "excludeResourceRules"} {
		for _, rule := range takeMaps(match, key) {
			r.say("resources by the binding's %s: %s", key, brief(rule))
		}
	}
	if policy, ok := take[string](match, "matchPolicy"); ok && policy != "Equivalent" {
		r.say("the same objects by other versions of the API (matchPolicy %s)", policy)
	}
	r.rest("spec.matchResources", match)
}
