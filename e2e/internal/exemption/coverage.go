package exemption

import (
	"slices"
	"strings"
)

// covered are the resources through which an image gets into a cluster, and
// changed afterwards, as "group/resource".
var covered = []string{
	"/pods", "/pods/ephemeralcontainers", "/replicationcontrollers",
	"apps/daemonsets", "apps/deployments", "apps/replicasets", "apps/statefulsets",
	"batch/cronjobs", "batch/jobs",
}

// operations by which an image gets there.
var operations = []string{"CREATE", "UPDATE"}

// constraints reads spec.matchConstraints: of what the API server asks.
func (r *reader) constraints(spec map[string]any) {
	match := takeMap(spec, "matchConstraints")
	seen := map[string]bool{}
	for _, rule := range takeMaps(match, "resourceRules") {
		for _, at := range r.rule(rule) {
			seen[at] = true
		}
	}
	for _, operation := range operations {
		for _, resource := range covered {
			if !seen[operation+" "+resource] {
				r.say("%s of %s", operation, strings.TrimPrefix(resource, "/"))
			}
		}
	}
	for _, rule := range takeMaps(match, "excludeResourceRules") {
		r.say("resources: %s", brief(rule))
	}
	r.namespaces(match)
	r.labels("objects", takeMap(match, "objectSelector"))
	if policy, ok := take[string](match, "matchPolicy"); ok && policy != "Equivalent" {
		r.say("the same objects by other versions of the API (matchPolicy %s)", policy)
	}
	r.rest("spec.matchConstraints", match)
}

// rule returns what a resource rule covers, as "OPERATION group/resource".
func (r *reader) rule(rule map[string]any) (all []string) {
	groups, versions := takeTexts(rule, "apiGroups"), takeTexts(rule, "apiVersions")
	does, resources := takeTexts(rule, "operations"), takeTexts(rule, "resources")
	if scope := rule["scope"]; scope == "*" || scope == "Namespaced" {
		delete(rule, "scope")
	}
	if len(rule) > 0 { // it covers a part only, such as objects of some names
		r.say("what isn't meant by %s", brief(rule))
		return nil
	}
	has := func(list []string, one string) bool { return slices.Contains(list, "*") || slices.Contains(list, one) }
	hasResource := func(one string) bool {
		// "*" doesn't mean subresources.
		return slices.Contains(resources, "*/*") || slices.Contains(resources, one) ||
			slices.Contains(resources, "*") && !strings.Contains(one, "/")
	}
	if !has(versions, "v1") {
		return nil
	}
	for _, at := range covered {
		group, resource, _ := strings.Cut(at, "/")
		if !has(groups, group) || !hasResource(resource) {
			continue
		}
		for _, operation := range operations {
			if has(does, operation) {
				all = append(all, operation+" "+at)
			}
		}
	}
	return all
}

// nameLabel is on each namespace, with its name. Nobody can change it.
const nameLabel = "kubernetes.io/metadata.name"

// namespaces reads a namespaceSelector. Namespaces by their names are told each.
func (r *reader) namespaces(match map[string]any) {
	selector := takeMap(match, "namespaceSelector")
	var others []any
	for _, expression := range takeMaps(selector, "matchExpressions") {
		values, _ := expression["values"].([]any)
		if expression["key"] != nameLabel || expression["operator"] != "NotIn" || len(expression) != 3 {
			others = append(others, expression)
			continue
		}
		for _, value := range values {
			r.say("namespace %v", value)
		}
	}
	if len(others) > 0 {
		selector["matchExpressions"] = others
	}
	r.labels("namespaces", selector)
}

// labels tells what a selector leaves out.
func (r *reader) labels(of string, selector map[string]any) {
	if len(selector) > 0 {
		r.say("%s other than %s", of, brief(selector))
	}
}

// failurePolicy tells if nothing is refused without an answer. Where the field
// is missing, the default of all kinds is Fail.
func (r *reader) failurePolicy(in map[string]any) {
	if policy, ok := take[string](in, "failurePolicy"); ok && policy != "Fail" {
		r.say("everything that can't be judged (failurePolicy %s)", policy)
	}
}

// actions tells if a refusal is only noted.
func (r *reader) actions(spec map[string]any) {
	if actions := takeTexts(spec, "validationActions"); !slices.Contains(actions, "Deny") {
		r.say("everything: it doesn't deny (validationActions %s)", brief(actions))
	}
}

// conditions tells what isn't asked about.
func (r *reader) conditions(spec map[string]any) {
	for _, condition := range takeMaps(spec, "matchConditions") {
		r.expression("condition "+text(condition, "name"), condition)
	}
}

func text(of map[string]any, key string) string {
	value, _ := of[key].(string)
	return value
}
