package bypass

import (
	"strings"
	"testing"
)

func TestChangedBy(t *testing.T) {
	t.Parallel()
	before := []container{{name: "default/one/main", id: "1"}, {name: "default/two/main", id: "2", restarts: 1}}
	same := func() []container { return append([]container(nil), before...) }
	for name, test := range map[string]struct {
		change  func(after []container) []container
		running []string
		want    string // "" for no change
	}{
		"nothing": {change: func(after []container) []container { return after }},
		"another one started": {change: func(after []container) []container {
			return append(after, container{name: "default/three/main", id: "3"})
		}},
		"its pod is being deleted": {change: func(after []container) []container {
			after[0] = container{name: before[0].name, leaving: true}
			return after
		}},
		"another container": {
			change: func(after []container) []container { after[1].id = "3"; return after },
			want:   "default/two/main was container 2",
		},
		"restarted": {
			change: func(after []container) []container { after[0].restarts++; return after },
			want:   "restarted 1 times",
		},
		"gone": {
			change: func(after []container) []container { return after[:1] },
			want:   "default/two/main doesn't run any more",
		},
		"gone from the runtime": {
			change: func(after []container) []container { return after }, running: []string{"1"},
			want: "default/two/main is container 2, which",
		},
	} {
		running := test.running
		if running == nil {
			running = []string{"1", "2", "3"}
		}
		changed := strings.Join(changedBy(before, test.change(same()), running), "; ")
		if !strings.Contains(changed, test.want) || (changed == "") != (test.want == "") {
			t.Errorf("%s: got %q, want %q", name, changed, test.want)
		}
	}
}
