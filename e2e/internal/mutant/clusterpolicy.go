package mutant

import (
	"fmt"
	"slices"
	"strings"
)

const (
	rule    = "spec.rules.0"
	images0 = rule + ".verifyImages.0"
)

// clusterPolicy are the holes of a ClusterPolicy.
func clusterPolicy(place Place) []hole {
	return slices.Concat(matched(), excluded(), preconditions(), references(place), verifiedByRule(place), []hole{
		{name: "failurePolicy Ignore", dig: put("spec.webhookConfiguration.failurePolicy", "Ignore")},
		{name: "a shorter timeout", dig: put("spec.webhookConfiguration.timeoutSeconds", int64(5))},
		{name: "admission off", dig: put("spec.admission", false)},
		{name: "webhook asked under a condition", dig: put("spec.webhookConfiguration.matchConditions", []any{
			map[string]any{"name": "excused", "expression": `object.metadata.?name.orValue("") != "excused"`},
		})},
	})
}

// autogen is an annotation for which kinds that make pods Kyverno derives rules.
const autogen = "pod-policies.kyverno.io/autogen-controllers"

// derived lets Kyverno derive rules for some kinds only.
func derived() (holes []hole) {
	every := []string{"DaemonSet", "Deployment", "Job", "StatefulSet", "CronJob", "ReplicaSet", "ReplicationController"}
	annotate := func(value string) dig {
		return change("metadata.annotations", func(old any) (any, error) {
			annotations, _ := old.(map[string]any)
			if annotations == nil {
				annotations = map[string]any{}
			}
			annotations[autogen] = value
			return annotations, nil
		})
	}
	holes = append(holes, hole{name: "derived for no kind", likely: []string{"deployment-"}, dig: annotate("none")})
	for _, kind := range every {
		others := slices.DeleteFunc(slices.Clone(every), func(other string) bool { return other == kind })
		holes = append(holes, hole{
			name: "not derived for " + kind, likely: []string{"/" + strings.ToLower(kind) + "-"},
			dig: annotate(strings.Join(others, ",")),
		})
	}
	return holes
}

// matched narrow what the rule is for.
func matched() (holes []hole) {
	const filter = rule + ".match.any.0"
	resources := filter + ".resources"
	for i, operation := range []string{"CREATE", "UPDATE"} {
		holes = append(holes, hole{
			name: operation + " left out", likely: []string{"update"},
			dig: drop(fmt.Sprintf("%s.operations.%d", resources, i)),
		})
	}
	for _, one := range []struct {
		name, path string
		value      any
	}{
		{"only objects with a label", resources + ".selector.matchLabels.app", "web"},
		{"only namespaces with a label", resources + ".namespaceSelector.matchLabels.app", "web"},
		{"only one namespace", resources + ".namespaces", []any{"default"}},
		{"only objects of a name", resources + ".names", []any{"app*"}},
		{"only objects with an annotation", resources + ".annotations.app", "web"},
		{"only Deployments", resources + ".kinds", []any{"Deployment"}},
		{"only running pods", resources + ".kinds", []any{"Pod/status"}},
		{"only somebody's requests", filter + ".subjects", subject("User", "jane")},
		{"only requests of a role", filter + ".clusterRoles", []any{"view"}},
	} {
		holes = append(holes, hole{name: one.name, dig: put(one.path, one.value)})
	}
	return append(holes, derived()...)
}

func subject(kind, name string) []any { return []any{map[string]any{"kind": kind, "name": name}} }

// excluded leave out more than two namespaces.
func excluded() []hole {
	const exclude = rule + ".exclude.any"
	holes := left(exclude + ".0.resources.namespaces")
	for _, one := range []struct {
		name   string
		filter map[string]any
	}{
		{"namespaces by a pattern", resourcesOf("namespaces", []any{"kube-*"})},
		{"Jobs", resourcesOf("kinds", []any{"Job"})},
		{"Deployments", resourcesOf("kinds", []any{"Deployment"})},
		{"updates", resourcesOf("operations", []any{"UPDATE"})},
		{"what has a label", resourcesOf("selector", labelled())},
		{"what is in a namespace with a label", resourcesOf("namespaceSelector", labelled())},
		{"what has an annotation", resourcesOf("annotations", map[string]any{"excused": "yes"})},
		{"what is called something", resourcesOf("names", []any{"excused"})},
		{"somebody's requests", map[string]any{"subjects": subject("User", "jane")}},
		{"administrators' requests", map[string]any{"subjects": subject("Group", "system:masters")}},
		{
			"requests of kube-system's controllers",
			map[string]any{"subjects": subject("Group", "system:serviceaccounts:kube-system")},
		},
		{"requests of cluster-admin", map[string]any{"clusterRoles": []any{"cluster-admin"}}},
		{"requests of a role", map[string]any{"roles": []any{"default:excused"}}},
	} {
		holes = append(holes, hole{name: one.name + " left out", dig: add(exclude, one.filter)})
	}
	return holes
}

func resourcesOf(field string, value any) map[string]any {
	return map[string]any{"resources": map[string]any{field: value}}
}

func labelled() map[string]any {
	return map[string]any{"matchLabels": map[string]any{"excused": "yes"}}
}

// preconditions loosen which updates are asked about.
func preconditions() (holes []hole) {
	const key = rule + ".preconditions.any.0.key"
	const all = "[containers[].image, initContainers[].image, ephemeralContainers[].image]"
	for list, rest := range map[string]string{
		"containers":          "[initContainers[].image, ephemeralContainers[].image]",
		"initContainers":      "[containers[].image, ephemeralContainers[].image]",
		"ephemeralContainers": "[containers[].image, initContainers[].image]",
	} {
		holes = append(holes, hole{
			name: "new " + list + " not asked about", likely: images[list],
			dig: change(key, func(old any) (any, error) {
				text, _ := old.(string)
				if strings.Count(text, all) != 2 {
					return nil, fmt.Errorf("%q isn't there twice", all)
				}
				return strings.ReplaceAll(text, all, rest), nil
			}),
		})
	}
	slices.SortFunc(holes, func(a, b hole) int { return strings.Compare(a.name, b.name) })
	const begins = "{{ (request.operation == 'UPDATE' && "
	for _, one := range []struct{ name, also string }{
		{"updates not asked about", "request.operation == 'UPDATE'"},
		{"what has an owner not asked about", "request.object.metadata.ownerReferences"},
		{"what has a node not asked about", "request.object.spec.nodeName"},
		{"what has a label not asked about", "request.object.metadata.labels.excused"},
		{"what isn't a dry run not asked about", "request.dryRun == `false`"},
		{"requests of kube-system's controllers not asked about",
			"contains(request.userInfo.groups, 'system:serviceaccounts:kube-system')"},
	} {
		holes = append(holes, hole{
			name: one.name, likely: []string{"update", "-with-"},
			dig: replace(key, begins, "{{ ("+one.also+" && `true`) || (request.operation == 'UPDATE' && "),
		})
	}
	return append(holes,
		hole{name: "nothing asked about", dig: put(rule+".preconditions.any.0.operator", "Equals")},
		hole{name: "only old images asked about", dig: put(rule+".preconditions.any.0.value", false)},
	)
}

// references narrow which images are looked at.
func references(place Place) (holes []hole) {
	for name, pattern := range narrowed(place) {
		holes = append(holes, hole{
			name: "only images " + name, likely: []string{"another-registry"},
			dig: put(images0+".imageReferences", []any{pattern}),
		})
		holes = append(holes, hole{
			name: "but for images " + name, likely: []string{"pod-unsigned"},
			dig: put(images0+".skipImageReferences", []any{pattern}),
		})
	}
	slices.SortFunc(holes, func(a, b hole) int { return strings.Compare(a.name, b.name) })
	return holes
}

// verifiedByRule loosen how images are verified.
func verifiedByRule(place Place) []hole {
	const certificate = images0 + ".attestors.0.entries.0.certificates.cert"
	another := map[string]any{"certificates": map[string]any{"cert": place.AnotherCA}}
	return []hole{
		{name: "failureAction Audit", dig: all(
			put(images0+".failureAction", "Audit"), put(images0+".mutateDigest", false))},
		{name: "Audit in some namespaces", dig: put("spec.validationFailureActionOverrides", []any{
			map[string]any{"action": "Audit", "namespaces": []any{"default"}},
		})},
		{name: "what was verified is remembered", dig: put(images0+".useCache", true)},
		{name: "mutateDigest off", likely: []string{"admit/"}, dig: put(images0+".mutateDigest", false)},
		{name: "verifyDigest off", dig: put(images0+".verifyDigest", false)},
		{name: "required off", dig: put(images0+".required", false)},
		{name: "no count of attestors", dig: drop(images0 + ".attestors.0.count")},
		{name: "none of the attestors is enough", dig: put(images0+".attestors.0.count", int64(0))},
		{name: "nobody has to attest", dig: drop(images0 + ".attestors")},
		{name: "verified as Cosign does", dig: put(images0+".type", "Cosign")},
		{
			name: "another CA trusted too", likely: []string{"another-ca"},
			dig: change(certificate, func(old any) (any, error) {
				return fmt.Sprint(old, "\n", place.AnotherCA), nil
			}),
		},
		{name: "the CA taken from another namespace", dig: put(rule+".context.0.configMap.namespace", "default")},
		{name: "the CA taken from another ConfigMap", dig: put(rule+".context.0.configMap.name", "kyverno")},
		{name: "another CA trusted", likely: []string{"another-ca"}, dig: put(certificate, place.AnotherCA)},
		{name: "another attestor that is enough", likely: []string{"another-ca"}, dig: add(
			images0+".attestors.0.entries", another)},
	}
}
