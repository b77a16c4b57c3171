package exemption

import "slices"

// clusterPolicy reads the spec of a kyverno.io/v1 ClusterPolicy. Only rules that
// verify images let nothing pass that has none; each of them is read.
func (r *reader) clusterPolicy(spec map[string]any) {
	r.failurePolicy(spec)
	webhook := inner(spec, "webhookConfiguration")
	r.failurePolicy(webhook)
	delete(webhook, "timeoutSeconds")
	r.conditions(webhook)
	for _, harmless := range []string{"background", "emitWarning", "webhookTimeoutSeconds"} {
		delete(spec, harmless)
	}
	if apply, ok := take[string](spec, "applyRules"); ok && apply != "All" {
		r.say("what another rule has judged already (applyRules %s)", apply)
	}
	if on, ok := take[bool](spec, "admission"); ok && !on {
		r.say("everything: admission isn't judged")
	}
	verifies := false
	for _, rule := range takeMaps(spec, "rules") {
		verifies = r.clusterRule(rule) || verifies
	}
	if !verifies {
		r.say("everything: no rule verifies images")
	}
}

// clusterRule reads a rule, and tells whether it verifies images.
func (r *reader) clusterRule(rule map[string]any) bool {
	delete(rule, "name")
	images := takeMaps(rule, "verifyImages")
	r.matched(takeMap(rule, "match"))
	r.excluded(takeMap(rule, "exclude"))
	r.expression("the preconditions", rule["preconditions"])
	delete(rule, "preconditions")
	for _, context := range takeMaps(rule, "context") {
		r.expression("context "+text(context, "name"), context)
	}
	for _, one := range images {
		r.verified(one)
	}
	r.rest("spec.rules", rule)
	return len(images) > 0
}

// matched tells what a rule isn't asked about: all but pods, of which Kyverno
// makes rules for what makes pods.
func (r *reader) matched(match map[string]any) {
	filters := takeMaps(match, "any")
	complete := false
	for _, filter := range filters {
		resources := inner(filter, "resources")
		kinds, does := takeTexts(resources, "kinds"), takeTexts(resources, "operations")
		whole := slices.Contains(kinds, "Pod") && slices.Contains(does, "CREATE") && slices.Contains(does, "UPDATE")
		if len(resources) == 0 {
			delete(filter, "resources")
		}
		complete = complete || whole && len(filter) == 0
		if len(filter) > 0 {
			r.say("what doesn't fit %s", brief(filter))
		}
	}
	if !complete {
		r.say("what no filter matches whole: CREATE and UPDATE of Pod")
	}
	r.rest("spec.rules.match", match)
}

// excluded tells what a rule leaves out. Namespaces are told each.
func (r *reader) excluded(exclude map[string]any) {
	for _, list := range []string{"any", "all"} {
		for _, filter := range takeMaps(exclude, list) {
			resources := inner(filter, "resources")
			namespaces, others := resources["namespaces"], len(resources) > 1 || len(filter) > 1
			names, _ := namespaces.([]any)
			if others || len(names) == 0 {
				r.say("what fits %s", brief(filter))
				continue
			}
			for _, name := range names {
				r.say("namespace %v", name)
			}
		}
	}
	r.rest("spec.rules.exclude", exclude)
}

// verified reads one entry of verifyImages.
func (r *reader) verified(entry map[string]any) {
	if references := takeTexts(entry, "imageReferences"); !slices.Contains(references, "*") {
		r.say("images other than %s", brief(references))
	}
	if action, _ := take[string](entry, "failureAction"); action != "Enforce" {
		r.say("everything: it doesn't enforce (failureAction %s)", action)
	}
	for _, key := range []string{"mutateDigest", "verifyDigest", "required"} {
		if on, ok := take[bool](entry, key); ok && !on {
			r.say("what %s would see to, which is off", key)
		}
	}
	if cached, ok := take[bool](entry, "useCache"); !ok || cached {
		r.say("what was verified before, while it is remembered (useCache)")
	}
	if kind, _ := take[string](entry, "type"); kind != "Notary" {
		r.say("what isn't verified as Notation does (type %s)", kind)
	}
	attestors := takeMaps(entry, "attestors")
	for _, one := range attestors {
		r.expression("attestors", one)
	}
	if len(attestors) == 0 {
		r.say("everything: nobody has to attest")
	}
	r.rest("spec.rules.verifyImages", entry)
}
