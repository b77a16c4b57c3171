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
