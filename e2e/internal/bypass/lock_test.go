package bypass

import (
	"context"
	"errors"
	"strings"
	"testing"

	"container-signing/e2e/internal/report"
)

const (
	aSetting = "a_setting = true"
	aFile    = "/etc/containerd/conf.d/a.toml"
	sick     = "✗ a_setting = true in \"/etc/containerd/conf.d/a.toml\": asks nobody\n" +
		"✗ the canary \"canary:v1\" was pulled\n"
	healthy = "✓ no setting\n✓ the canary \"canary:v1\" is refused: no\n"
)

// A lockable node has a lock that can be taken off, and a doctor.
type lockable struct {
	off      bool
	images   map[string]bool
	statuses map[bool]int // the doctor's, by off
	texts    map[bool]string
}

func newLockable() *lockable {
	return &lockable{
		images: map[string]bool{}, statuses: map[bool]int{true: 1, false: 0},
		texts: map[bool]string{true: sick, false: healthy},
	}
}

func (l *lockable) Pull(_ context.Context, reference string) error {
	if refusal := verify(reference); refusal != "" && !l.off {
		return errors.New(refusal)
	}
	l.images[reference] = true
	return nil
}

func (l *lockable) Has(_ context.Context, reference string) (bool, error) {
	return l.images[reference], nil
}

func (l *lockable) lock() Lock {
	return Lock{
		Runtime: l, Setting: aSetting, File: aFile,
		Remove:  func(_ context.Context, reference string) error { delete(l.images, reference); return nil },
		TakeOff: func(context.Context) error { l.off = true; return nil },
		Doctor:  func(context.Context) (int, string, error) { return l.statuses[l.off], l.texts[l.off], nil },
	}
}

// TestLock notices a lock that isn't off or on, and a doctor who says otherwise.
func TestLock(t *testing.T) {
	t.Parallel()
	cluster := Cluster{Images: testImages}
	for name, test := range map[string]struct {
		harm    func(node *lockable, lock *Lock)
		off, on string // failures; "" for none
	}{
		"all well": {func(*lockable, *Lock) {}, "", ""},
		"it isn't off": {func(_ *lockable, l *Lock) {
			l.TakeOff = func(context.Context) error { return nil }
		}, "must have it admitted", ""},
		"it stays off": {func(node *lockable, _ *Lock) { node.off = true }, "", "must have it refused"},
		"the doctor says on": {func(node *lockable, _ *Lock) {
			node.statuses[true], node.texts[true] = 0, healthy
		}, "the doctor doesn't notice that the lock is off: exit status 0; it says: ✓ no setting", ""},
		"the doctor says off": {func(node *lockable, _ *Lock) {
			node.statuses[false], node.texts[false] = 1, sick
		}, "", "the doctor doesn't find the lock on: exit status 1"},
		"the doctor can't tell": {func(node *lockable, _ *Lock) {
			node.statuses[true], node.statuses[false] = 2, 2
		}, "exit status 2", "exit status 2"},
		"another setting": {func(_ *lockable, l *Lock) { l.Setting = "setting = true" }, "doesn't name", ""},
		"another file":    {func(_ *lockable, l *Lock) { l.File = "/etc/containerd/config.toml" }, "doesn't name", ""},
		"no canary": {func(node *lockable, _ *Lock) {
			node.texts[true] = strings.Replace(sick, "was pulled", "wasn't tried", 1)
			node.texts[false] = "✓ no setting\n"
		}, "hasn't pulled its canary", "canary isn't refused"},
		"the canary is left": {func(node *lockable, _ *Lock) { node.images["canary:v1"] = true }, "is left", "is left"},
		"the image is left": {func(_ *lockable, l *Lock) {
			l.Remove = func(context.Context, string) error { return nil }
		}, "is left", "can use the image without being asked"},
		"no doctor": {func(_ *lockable, l *Lock) {
			l.Doctor = func(context.Context) (int, string, error) { return 0, "", errors.New("no such program") }
		}, "no such program", "no such program"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			node := newLockable()
			lock := node.lock()
			test.harm(node, &lock)
			off, err := lock.JudgeOff(t.Context(), cluster)
			checkLock(t, off, err, "doctor/lock-off", test.off)
			node.off = name == "it stays off"
			on, err := lock.JudgeOn(t.Context(), cluster)
			checkLock(t, on, err, "doctor/lock-on", test.on)
		})
	}
}

func checkLock(t *testing.T, verdict report.Verdict, err error, name, failure string) {
	t.Helper()
	if err != nil || verdict.Workload != name || verdict.Passed != (failure == "") ||
		!strings.Contains(verdict.Failure, failure) || verdict.Attack == nil {
		t.Errorf("want %q, got %+v (%v)", failure, verdict, err)
	}
}

// TestLockThatCannotBeTakenOff is no verdict.
func TestLockThatCannotBeTakenOff(t *testing.T) {
	t.Parallel()
	lock := newLockable().lock()
	lock.TakeOff = func(context.Context) error { return errors.New("containerd ended") }
	_, err := lock.JudgeOff(t.Context(), Cluster{Images: testImages})
	if err == nil || err.Error() != "containerd ended" {
		t.Errorf("it ends with %v", err)
	}
}

// TestAttacks are told of each way on which an image must be refused, and of no
// other.
func TestAttacks(t *testing.T) {
	t.Parallel()
	all := []way{lockOff, lockOn, beforePolicy.way, staticPod.way}
	for _, pod := range excludedPods {
		all = append(all, pod.way)
	}
	for _, pull := range pulls(*(&aNode{}).own("")) {
		all = append(all, pull.way)
	}
	told := 0
	for _, w := range all {
		attack := attackOf(w.name)
		if (attack != nil) != (w.because != nil || w.name == lockOff.name) {
			t.Errorf("%s: %+v", w.name, attack)
		}
		if attack != nil {
			told++
			if attack.Does == "" || attack.Why == "" || attack.KnownFrom == "" {
				t.Errorf("%s: %+v", w.name, attack)
			}
		}
	}
	if told != len(attacks) {
		t.Errorf("there are %d attacks, and ways with %d", len(attacks), told)
	}
}
