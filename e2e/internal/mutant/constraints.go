package mutant

import (
	"fmt"
	"slices"
)

// nameLabel is on each namespace, with its name.
const nameLabel = "kubernetes.io/metadata.name"

// namespaces that anybody may use, and for which there are workloads.
var namespaces = []string{"default", "kube-public", "kube-node-lease", "kube-systems"}

// constraints are the holes in spec.matchConstraints.
func constraints(policy map[string]any) []hole {
	const match = "spec.matchConstraints"
	excused := []any{map[string]any{"key": "excused", "operator": "DoesNotExist"}}
	excludes := func(rule map[string]any) dig {
		rule["apiGroups"], rule["apiVersions"] = []any{"*"}, []any{"*"}
		return put(match+".excludeResourceRules", []any{rule})
	}
	holes := slices.Concat(requests(policy), ruled(policy), left(match+".namespaceSelector.matchExpressions.0.values"))
	return append(holes,
		hole{name: "only objects with a label", dig: put(match+".objectSelector.matchLabels.app", "web")},
		hole{name: "objects with a label left out", dig: put(match+".objectSelector.matchExpressions", excused)},
		hole{name: "only namespaces with a label", dig: put(match+".namespaceSelector.matchLabels.app", "web")},
		hole{
			name: "namespaces with a label left out",
			dig:  add(match+".namespaceSelector.matchExpressions", excused[0]),
		},
		hole{name: "only the namespaces that are left out", dig: put(
			match+".namespaceSelector.matchExpressions.0.operator", "In")},
		hole{
			name: "an object left out by its name", dig: excludes(map[string]any{
				"operations": []any{"*"}, "resources": []any{"*"}, "resourceNames": []any{"excused"},
			}),
		},
		hole{name: "pods excluded", likely: []string{"/pod-"}, dig: excludes(map[string]any{
			"operations": []any{"*"}, "resources": []any{"pods"},
		})},
		hole{name: "subresources excluded", likely: []string{"ephemeral"}, dig: excludes(map[string]any{
			"operations": []any{"*"}, "resources": []any{"pods/ephemeralcontainers"}, "scope": "Namespaced",
		})},
		hole{name: "other versions of the API left out", dig: put(match+".matchPolicy", "Exact")},
	)
}

// requests leave out one operation on one resource each: the resource gets a
// rule of its own, without the operation.
func requests(policy map[string]any) (holes []hole) {
	const path = "spec.matchConstraints.resourceRules"
	rules, _ := look(policy, path).([]any)
	for i, rule := range rules {
		fields, _ := rule.(map[string]any)
		resources, _ := fields["resources"].([]any)
		operations, _ := fields["operations"].([]any)
		for r, resource := range resources {
			for o, operation := range operations {
				narrow := map[string]any{
					"apiGroups": fields["apiGroups"], "apiVersions": fields["apiVersions"],
					"resources": []any{resource}, "operations": slices.Delete(slices.Clone(operations), o, o+1),
				}
				holes = append(holes, hole{
					name:   fmt.Sprintf("%s of %s left out", operation, resource),
					likely: likelyOf(fmt.Sprint(resource), fmt.Sprint(operation)),
					dig:    all(drop(fmt.Sprintf("%s.%d.resources.%d", path, i, r)), add(path, narrow)),
				})
			}
		}
	}
	return holes
}

// likelyOf are the workloads of a resource.
func likelyOf(resource, operation string) []string {
	word := map[string]string{"pods": "/pod-", "pods/ephemeralcontainers": "ephemeral"}[resource]
	if word == "" {
		word = "/" + resource[:len(resource)-1] + "-"
	}
	if operation == "UPDATE" && word != "ephemeral" {
		word += "update"
	}
	return []string{word}
}

// ruled are the holes of a whole rule.
func ruled(policy map[string]any) (holes []hole) {
	const path = "spec.matchConstraints.resourceRules"
	rules, _ := look(policy, path).([]any)
	for i, rule := range rules {
		fields, _ := rule.(map[string]any)
		at, what := fmt.Sprintf("%s.%d", path, i), fmt.Sprintf("the rule for %v", fields["resources"])
		holes = append(holes, hole{name: what + " missing", dig: drop(at)})
		if i > 0 { // what narrows the first narrows the others as well
			continue
		}
		holes = append(holes,
			hole{name: what + " for what belongs to no namespace", dig: put(at+".scope", "Cluster")},
			hole{name: what + " for one name", dig: put(at+".resourceNames", []any{"app"})},
			hole{name: what + " for another version", dig: put(at+".apiVersions", []any{"v2"})},
			hole{name: what + " for another group", dig: put(at+".apiGroups", []any{"example.com"})},
		)
	}
	return holes
}

// left leave out one more namespace each, in a list of names.
func left(path string) (holes []hole) {
	for _, name := range namespaces {
		holes = append(holes, hole{
			name: "namespace " + name + " left out", likely: []string{"-in-" + name, "-in-other"}, dig: add(path, name),
		})
	}
	return append(holes, hole{name: "a namespace left out that nobody has", dig: add(path, "excused")})
}
