package mutant

import "slices"

// admission are the holes of a policy that the API server applies by itself,
// besides those of what it is asked about.
func admission(name string) []hole {
	holes := []hole{
		{name: "failurePolicy Ignore", dig: put("spec.failurePolicy", "Ignore")},
		{name: "one name goes", dig: replace("spec.validations.0.expression", "== 0", "< 2")},
		{name: "everything is valid", dig: put("spec.validations.0.expression", "true")},
		{
			name: "nothing said in the message", dig: put("spec.validations.0.messageExpression", `"refused"`),
		},
	}
	holes = append(holes, podsOf()...)
	if name == "refuse-image-volumes" {
		return append(holes, hole{name: "volumes of signed content go", dig: replace("spec.variables.1.expression",
			"has(volume.image)", `has(volume.image) && !volume.image.?reference.orValue("").contains("@")`)})
	}
	return slices.Concat(holes, looked(), names())
}

// podsOf find no containers in what makes pods.
func podsOf() []hole {
	const path, nothing = "spec.variables.0.expression", `dyn({"containers": []})`
	const template = "object.spec.jobTemplate.spec.template.spec"
	return []hole{
		{
			name: "pods not looked at", likely: []string{"/pod-"},
			dig: replace(path, `"Pod" ? object.spec`, `"Pod" ? `+nothing),
		},
		{name: "CronJobs not looked at", likely: []string{"/cronjob-"}, dig: replace(path, template, nothing)},
		{
			name: "other templates not looked at", likely: []string{"/deployment-"},
			dig: replace(path, template+" : object", template+" : request.kind.kind != \"\" ? "+nothing+" : object"),
		},
	}
}

// looked loosen which images are looked at.
func looked() (holes []hole) {
	const path = "spec.variables.1.expression"
	for _, one := range []struct{ list, part string }{
		{"initContainers", "+ variables.pod.?initContainers.orValue([]).map(container, container.image)"},
		{"ephemeralContainers", "+ variables.pod.?ephemeralContainers.orValue([]).map(container, container.image)"},
		{
			"volumes", "+ variables.pod.?volumes.orValue([]).filter(volume, has(volume.image))" +
				".map(volume, volume.image.reference)",
		},
	} {
		holes = append(holes, hole{
			name: one.list + " not looked at", likely: inList[one.list], dig: replace(path, one.part, ""),
		})
	}
	for _, one := range []struct{ name, loose string }{
		{"containers not looked at", `[""].filter(image, image != "")`}, // an empty list of strings
		{"only the first container looked at", "[variables.pod.containers[0].image]"},
	} {
		holes = append(holes, hole{
			name: one.name, likely: []string{"unreadable"},
			dig: replace(path, "variables.pod.containers.map(container, container.image)", one.loose),
		})
	}
	return holes
}

// names loosen which names of images go.
func names() (holes []hole) {
	for _, one := range []struct{ name, old, loose string }{
		{"any length", `image.split("@")[0].size() > 255 || `, ""},
		{"anything before a name", `"^([a-z0-9]+`, `"([a-z0-9]+`},
		{"anything after a digest", `{64}$"`, `{64}"`},
		{"a scheme", `"^([a-z0-9]+`, `"^(https?://)?([a-z0-9]+`},
		{"a user", `"^([a-z0-9]+`, `"^([a-z]+:[a-z]+@)?([a-z0-9]+`},
		{"dots side by side in a registry", `*([.][a-z0-9]+(`, `*([.]+[a-z0-9]+(`},
		{"upper case in a registry", `"^([a-z0-9]+(`, `"^([a-zA-Z0-9]+(`},
		{"upper case in a repository", `+ "[a-z0-9]+((`, `+ "[a-zA-Z0-9]+((`},
		{"an empty part", `*(/[a-z0-9]+(`, `*(/+[a-z0-9]+(`},
		{"dots as a part", `*(/[a-z0-9]+(`, `*(/[.]*[a-z0-9]*(`},
		{"an empty tag", `[a-zA-Z0-9_.-]{0,127})?@`, `[a-zA-Z0-9_.-]{0,127}|:)?@`},
		{"no digest", `@sha256:[0-9a-f]{64}$`, `(@sha256:[0-9a-f]{64})?$`},
		{"a short digest", `[0-9a-f]{64}$`, `[0-9a-f]+$`},
		{"any kind of digest", `@sha256:[0-9a-f]{64}$`, `@[a-z0-9]+:[0-9a-f]{64,}$`},
		{"any port", `(:[0-9]+)?/`, `(:[^/]*)?/`},
		{"IPv6 addresses", `"^([a-z0-9]+`, `"^([[0-9a-f:]+[]](:[0-9]+)?/)?([a-z0-9]+`},
	} {
		holes = append(holes, hole{
			name: one.name + " allowed in names", likely: []string{"/pod-unreadable", "by-tag", "other-digest"},
			dig: replace("spec.variables.2.expression", one.old, one.loose),
		})
	}
	return holes
}

// binding are the holes of a binding.
func binding() []hole {
	const match = "spec.matchResources"
	everything := map[string]any{
		"apiGroups": []any{"*"}, "apiVersions": []any{"*"}, "operations": []any{"*"}, "resources": []any{"*/*"},
	}
	only := func(field string, value any) map[string]any {
		rule := map[string]any{}
		for key, one := range everything {
			rule[key] = one
		}
		rule[field] = value
		return rule
	}
	others := []any{map[string]any{"key": nameLabel, "operator": "NotIn", "values": []any{"default"}}}
	excused := []any{map[string]any{"key": "excused", "operator": "DoesNotExist"}}
	return slices.Concat(actions(), []hole{
		{name: "both, Warn and Audit", dig: put("spec.validationActions", []any{"Warn", "Audit"})},
		{name: "of a policy that isn't there", dig: put("spec.policyName", "excused")},
		{name: "only objects with a label", dig: put(match+".objectSelector.matchLabels.app", "web")},
		{name: "objects with a label left out", dig: put(match+".objectSelector.matchExpressions", excused)},
		{name: "only namespaces with a label", dig: put(match+".namespaceSelector.matchLabels.app", "web")},
		{name: "namespaces with a label left out", dig: put(match+".namespaceSelector.matchExpressions", excused)},
		{
			name: "namespace default left out", likely: []string{"-in-default"},
			dig: put(match+".namespaceSelector.matchExpressions", others),
		},
		{
			name: "only creations", likely: []string{"update"},
			dig: put(match+".resourceRules", []any{only("operations", []any{"CREATE"})}),
		},
		{
			name: "only pods", likely: []string{"deployment"},
			dig: put(match+".resourceRules", []any{only("resources", []any{"pods"})}),
		},
		{
			name: "subresources left out", likely: []string{"ephemeral"},
			dig: put(match+".resourceRules", []any{only("resources", []any{"*"})}),
		},
		{
			name: "Jobs excluded", likely: []string{"/job-"},
			dig: put(match+".excludeResourceRules", []any{only("resources", []any{"jobs"})}),
		},
		{name: "other versions of the API left out", dig: put(match+".matchPolicy", "Exact")},
	})
}
