package mutant

import (
	"fmt"
	"slices"
	"strings"
)

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
