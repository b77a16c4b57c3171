package mutant

import (
	"fmt"
	"strings"
)

// An excuse is something to be left out for, and what is asked for it.
type excuse struct{ name, asked string }

// verifiedBefore are those that claim to be Kyverno's work.
var verifiedBefore = excuse{
	"what has the annotations of Kyverno",
	`!("kyverno.io/verify-images" in object.metadata.?annotations.orValue({}))`,
}

// excuses are conditions that leave out what has some property. The name says
// what.
func excuses(more ...excuse) (holes []hole) {
	const (
		labels      = "object.metadata.?labels.orValue({})"
		annotations = "object.metadata.?annotations.orValue({})"
	)
	for _, excuse := range append([]excuse{
		{"what has a label", `!("excused" in ` + labels + `)`},
		{"what has an annotation", `!("excused" in ` + annotations + `)`},
		{"what is called something", `object.metadata.?name.orValue("") != "excused"`},
		{"what looks like a static pod", `!("kubernetes.io/config.mirror" in ` + annotations + `)`},
		{"what has an owner", `!has(object.metadata.ownerReferences)`},
		{"what has a node", `!has(object.spec.nodeName)`},
		{"subresources", `request.?subResource.orValue("") == ""`},
		{"what isn't a dry run", `request.?dryRun.orValue(false)`},
		{"somebody's requests", `request.userInfo.username != "jane"`},
		{"administrators' requests", `!("system:masters" in request.userInfo.groups)`},
		{
			"requests of kube-system's controllers",
			`!("system:serviceaccounts:kube-system" in request.userInfo.groups)`,
		},
		{"Jobs", `request.kind.kind != "Job"`},
		{"everything but pods", `request.kind.kind == "Pod"`},
	}, more...) {
		condition := map[string]any{"name": "excused", "expression": excuse.asked}
		holes = append(holes, hole{
			name: excuse.name + " left out", likely: []string{"-with-", "-like-", "-as-", "job", "ephemeral"},
			dig: add("spec.matchConditions", condition),
		})
	}
	return holes
}

// images are the lists of a pod that name images, and what the rows about them
// are called.
var images = map[string][]string{
	"containers": {"update-to", "update-adds-unsigned-container"}, "initContainers": {"update-init", "update-adds"},
	"ephemeralContainers": {"ephemeral"}, "volumes": {"image-volume"},
}

// newImages loosen the condition that asks about new images only.
func newImages(policy map[string]any) (holes []hole) {
	const path = "spec.matchConditions.0.expression"
	text, _ := look(policy, path).(string)
	for line := range strings.Lines(text) {
		list, _, found := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "pod.?"), ".")
		if !strings.HasPrefix(strings.TrimSpace(line), "pod.?") || !found {
			continue
		}
		holes = append(holes, hole{
			name: "new " + list + " not asked about", likely: images[list], dig: replace(path, line, "\n"),
		})
	}
	const differ = "images[0] != images[1]"
	lengths := func(i int) string { return fmt.Sprintf("images[%d].map(list, size(list))", i) }
	return append(holes,
		hole{
			name: "updates not asked about", likely: []string{"update"},
			dig: put(path, `request.operation != "UPDATE"`),
		},
		hole{
			name: "only creations asked about", likely: []string{"update"},
			dig: put(path, `request.operation == "CREATE"`),
		},
		hole{name: "nothing asked about", dig: put(path, "false")},
		hole{
			name: "only more images asked about", likely: []string{"update-to"},
			dig: replace(path, differ, lengths(0)+" != "+lengths(1)),
		},
		hole{
			name: "only changes of all lists asked about", likely: []string{"update"},
			dig: replace(path, differ, "images[0].all(list, !(list in images[1]))"),
		},
		hole{name: "updates of CronJobs not asked about", likely: []string{"cronjob-update"}, dig: replace(path,
			`request.operation != "UPDATE" ||`, `request.operation != "UPDATE" || request.kind.kind != "CronJob" &&`)},
	)
}
