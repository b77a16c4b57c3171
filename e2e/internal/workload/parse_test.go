package workload

import (
	"fmt"
	"strings"
	"testing"

	"container-signing/internal/hint"
)

// TestParseRefuses reads what would be taken for less than it is, or can't be
// what anybody meant.
func TestParseRefuses(t *testing.T) {
	t.Parallel()
	second := strings.Replace(goodPod, "name: good", "name: second", 1)
	json := `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": ` + podSpec + "}"
	elsewhere := strings.Replace(withDebugger, "name: good", "name: good\n  namespace: elsewhere", 1)
	deployment := strings.Replace(everyKind["Deployment"], "POD",
		`{"containers": [{"name": "a", "image": "b"}], "ephemeralContainers": [{"name": "c", "image": "d"}]}`, 1)
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.Repeat(fmt.Sprintf("*%c,", c-1), 9))
	}
	for name, c := range map[string]struct{ content, says string }{
		"bomb": {
			bomb,
			"document 1: it isn't YAML: yaml: document contains excessive aliasing",
		},
		"an end in the middle": {goodPod + "...\n" + second, "document 1: something follows its end"},
		"two objects in JSON":  {json + json, "document 1: something follows its end"},
		"a list": {
			"apiVersion: v1\nkind: List\nitems: []\n",
			"document 1: unknown kind v1 List\nhint: known are v1 Pod, ",
		},
		"a kind of many": {
			strings.Replace(goodPod, "kind: Pod", "kind: [Pod]", 1),
			"it isn't a manifest",
		},
		"a kind of another group": {
			strings.Replace(goodPod, "v1", "policies.kyverno.io/v1", 1),
			"unknown kind policies.kyverno.io/v1 Pod",
		},
		"key twice in the spec": {goodPod + "      image: unsigned\n", `key "image" already set in map`},
		"key in another case": {
			goodPod + "      Image: unsigned\n",
			`unknown field "spec.containers[0].Image"`,
		},
		"containers no list":     {strings.Replace(goodPod, "    - name", "      name", 1), "document 1: "},
		"name no text":           {strings.Replace(goodPod, "name: good", "name: 5", 1), "document 1: "},
		"an annotation no text":  {strings.Replace(refusedPod, "no signature", "5", 1), "document 1: "},
		"debugger in Deployment": {deployment, "can only be added to a pod that is there"},
		"debugger elsewhere": {
			goodPod + "---\n" + elsewhere,
			"document 2: Pod \"good\" has ephemeralContainers",
		},
		"debugger of nobody": {
			second + "---\n" + withDebugger,
			"document 2: Pod \"good\" has ephemeralContainers",
		},
		"nameless debugger": {
			goodPod + "---\n" + goodPod + "  ephemeralContainers:\n    - image: x\n",
			"each of its ephemeralContainers needs a name",
		},
		"second document is empty": {goodPod + "---\n{}\n", "document 2: it isn't a manifest"},
		"null for containers": {
			"apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: null}",
			"has no containers",
		},
	} {
		documents, err := parse([]byte(c.content))
		if err == nil {
			t.Errorf("%s: %d documents", name, len(documents))
		} else if !strings.Contains(hint.Text(err), c.says) {
			t.Errorf("%s: got %q, want %q in it", name, hint.Text(err), c.says)
		}
	}
}

// TestUpdates relates documents of one object to the one before, whatever
// stands between them.
func TestUpdates(t *testing.T) {
	t.Parallel()
	named := func(name string) string { return strings.Replace(goodPod, "name: good", "name: "+name, 1) }
	inNamespace := strings.Replace(goodPod, "name: good", "name: a\n  namespace: b", 1)
	job := strings.NewReplacer("POD", podSpec, "name: x", "name: a").Replace(everyKind["Job"])
	all := []string{named("a"), named("b"), job, inNamespace, named("a"), job, named("a"), inNamespace}
	documents, err := parse([]byte(strings.Join(all, "\n---\n")))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{-1, -1, -1, -1, 0, 2, 4, 3} {
		if got := documents[i]; got.Updates != want || got.Number != i+1 {
			t.Errorf("document %d updates index %d, not %d", got.Number, got.Updates, want)
		}
	}
}

// TestExpectation reads expressions that others would make slow.
func TestExpectation(t *testing.T) {
	t.Parallel()
	for because, says := range map[string]string{
		"(a*)*b":                    "",
		"(a+)+$":                    "",
		"(no signature)?":           "matches every reason",
		"^":                         "matches every reason",
		"a{1001}":                   "invalid repeat count",
		`\C`:                        "invalid escape sequence",
		strings.Repeat("(", 10_000): "missing closing )",
	} {
		pod := replace(t, refusedPod, "because: no signature", fmt.Sprintf("because: %q", because))
		documents, err := parse([]byte(pod))
		if err != nil {
			t.Fatal(err)
		}
		refusal, err := expectation(documents, true)
		if says == "" {
			long := strings.Repeat("a", 100_000)
			if err != nil || refusal.Because.MatchString(long) != (because == "(a+)+$") {
				t.Errorf("%q: %v", because, err)
			}
		}
		if says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%.20q: got %v, want %q", because, err, says)
		}
	}
}
