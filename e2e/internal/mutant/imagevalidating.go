package mutant

import (
	"fmt"
	"slices"
	"strings"
)

// imageValidating are the holes of an ImageValidatingPolicy besides those of
// what it is asked about.
func imageValidating(place Place) []hole {
	return slices.Concat(actions(), globs(place), verified(place), attestors(place), []hole{
		{name: "failurePolicy Ignore", dig: put("spec.failurePolicy", "Ignore")},
		{name: "a shorter timeout", dig: put("spec.webhookConfiguration.timeoutSeconds", int64(5))},
		{name: "no webhook of its own", dig: drop("spec.webhookConfiguration")},
		{
			name: "mutateDigest off", likely: []string{"admit/"},
			dig: put("spec.validationConfigurations.mutateDigest", false),
		},
		{name: "verifyDigest off", dig: put("spec.validationConfigurations.verifyDigest", false)},
		{name: "required off", dig: put("spec.validationConfigurations.required", false)},
		{name: "admission off", dig: put("spec.evaluation.admission.enabled", false)},
		{name: "for JSON only", dig: put("spec.evaluation.mode", "JSON")},
	})
}

// actions only note a refusal.
func actions() (holes []hole) {
	for _, action := range []string{"Audit", "Warn"} {
		holes = append(holes, hole{
			name: "validationActions " + action, dig: put("spec.validationActions", []any{action}),
		})
	}
	return holes
}

// globs narrow which images are looked at.
func globs(place Place) (holes []hole) {
	for name, glob := range narrowed(place) {
		holes = append(holes, hole{
			name: "only images " + name, likely: []string{"another-registry", "admit/"},
			dig: put("spec.matchImageReferences", []any{map[string]any{"glob": glob}}),
		})
	}
	slices.SortFunc(holes, func(a, b hole) int { return strings.Compare(a.name, b.name) })
	return append(holes, hole{
		name: "only images of a registry by an expression", likely: []string{"another-registry"},
		dig: put("spec.matchImageReferences", []any{map[string]any{
			"expression": fmt.Sprintf("ref.startsWith(%q)", place.Registry+"/"),
		}}),
	})
}

// narrowed are patterns that fit some images only.
func narrowed(place Place) map[string]string {
	return map[string]string{
		"of the run's registry":   place.Registry + "/*",
		"of the run's repository": place.Registry + "/" + place.Repository + "*",
		"of another registry":     "registry.example.com/*",
		"with a colon":            "*:*",
		"with a digest":           "*@*",
		"with the tag latest":     "*:latest",
	}
}

// verified loosen which images are verified, and what comes of it.
func verified(place Place) (holes []hole) {
	const (
		containers = "spec.images.0.expression"
		refused    = "spec.variables.1.expression"
		validation = "spec.validations.0.expression"
		filter     = "images.containers.filter(image, "
		verify     = "verifyImageSignatures(image, [attestors.notation]) < 1"
	)
	for list, part := range map[string]string{
		"initContainers":      "+ pod.?initContainers.orValue([])",
		"ephemeralContainers": "+ pod.?ephemeralContainers.orValue([])",
		"volumes": "+ pod.?volumes.orValue([]).filter(volume, has(volume.image))" +
			".map(volume, volume.image.reference)",
	} {
		holes = append(holes, hole{
			name: list + " not verified", likely: inList[list], dig: replace(containers, part, ""),
		})
	}
	slices.SortFunc(holes, func(a, b hole) int { return strings.Compare(a.name, b.name) })
	for _, one := range []struct{ name, path, old, loose string }{
		{"containers not verified", containers, "pod.containers", "[].filter(none, pod == none)"},
		{"only the first container verified", containers, "pod.containers", "[pod.containers[0]]"},
		{"no signature is enough", refused, verify, strings.Replace(verify, "< 1", "< 0", 1)},
		{"only the first image verified", refused, filter, filter + "image == images.containers[0] && "},
		{"only images by tag verified", refused, filter, filter + `!image.contains("@") && `},
		{"only images by digest verified", refused, filter, filter + `image.contains("@") && `},
		{
			"only images of the run's registry verified", refused, filter,
			filter + `image.startsWith("` + place.Registry + `/") && `,
		},
		{"one signed image is enough", validation, "== 0", "< size(images.containers) || size(images.containers) == 0"},
		{"one unsigned image goes", validation, "== 0", "< 2"},
		{"everything is valid", validation, "size(variables.refused) == 0", "true || size(variables.refused) == 0"},
	} {
		holes = append(holes, hole{
			name: one.name, likely: []string{"second", "pod-unsigned", "another-registry"},
			dig: replace(one.path, one.old, one.loose),
		})
	}
	return append(holes, hole{
		name: "nothing said in the message", dig: put("spec.validations.0.messageExpression", `"refused"`),
	})
}

// inList are the workloads about a list of images.
var inList = map[string][]string{
	"initContainers": {"init-container"}, "ephemeralContainers": {"ephemeral"}, "volumes": {"image-volume"},
}

// attestors loosen whose signature it has to be.
func attestors(place Place) []hole {
	const certificates = `variables.trust.data["ca.crt"]`
	return []hole{
		{
			name: "the CA taken from another namespace",
			dig:  replace("spec.variables.0.expression", `"kyverno"`, `"default"`),
		},
		{
			name: "another CA trusted too", likely: []string{"another-ca"},
			dig: put("spec.attestors.0.notary.certs.expression",
				certificates+` + "\n" + `+fmt.Sprintf("%q", place.AnotherCA)),
		},
		{
			name: "another CA trusted", likely: []string{"another-ca"},
			dig: put("spec.attestors.0.notary.certs.expression", fmt.Sprintf("%q", place.AnotherCA)),
		},
		{
			name: "another attestor that is enough", likely: []string{"another-ca"},
			dig: all(
				add("spec.attestors", map[string]any{
					"name": "another", "notary": map[string]any{"certs": map[string]any{"value": place.AnotherCA}},
				}),
				replace("spec.variables.1.expression",
					"[attestors.notation]", "[attestors.notation, attestors.another]"),
			),
		},
	}
}
