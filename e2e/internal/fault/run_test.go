package fault

import (
	"context"
	"errors"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/util/flowcontrol"

	"container-signing/e2e/internal/report"
)

// A play is traffic on a cluster that is played.
type play struct {
	down atomic.Bool
	// what goes wrong
	admitsUnsigned func(number int) bool
	admitsSigned   bool // while it is down
	refusesUpdates bool // while it is down
	staysDown      bool
	left           []string
	gaps           string
	gone           bool // a container doesn't run any more
}

var errDown = errors.New(`failed calling webhook "a": connection refused`)

func (p *play) actors() []actor {
	add := func(name string, class class, try func(number int) error) actor {
		return actor{
			name: name, class: class, patience: time.Second, pace: flowcontrol.NewTokenBucketRateLimiter(200, 1),
			try: func(_ context.Context, number int) (string, error) { return "pods/" + name, try(number) },
		}
	}
	return []actor{
		add("pod-unsigned", unsigned, func(number int) error {
			if p.admitsUnsigned != nil && p.admitsUnsigned(number) {
				return nil
			}
			return errors.New("refused")
		}),
		add("pod-signed", signed, func(int) error {
			if p.down.Load() && !p.admitsSigned {
				return errDown
			}
			return nil
		}),
		add("pod-label", update, func(int) error {
			if p.down.Load() && p.refusesUpdates {
				return errDown
			}
			return nil
		}),
	}
}

// judge judges a fault that the play is brought into.
func (p *play) judge(t *testing.T, change func(*Fault)) report.Verdict {
	t.Helper()
	traffic := start(t.Context(), p.actors())
	defer traffic.end()
	ran := []string{"container"}
	trial := &trial{
		actors: p.actors(), ledger: traffic.ledger, limit: 2 * time.Second, since: time.Now(),
		admitted: func(context.Context) ([]string, error) { return p.left, nil },
		gaps:     func(time.Time, time.Time) (string, error) { return p.gaps, nil },
		running: func(context.Context) ([]string, error) {
			now := ran
			if p.gone {
				ran = nil
			}
			return now, nil
		},
	}
	f := Fault{
		Name: "down", Signed: Waits, Updates: Goes, Words: regexp.MustCompile("failed calling webhook"),
		Begin: func(context.Context) error { p.down.Store(true); return nil },
		End:   func(context.Context) error { p.down.Store(p.staysDown); return nil },
	}
	if change != nil {
		change(&f)
	}
	verdict, err := trial.of(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return verdict
}

func TestFaultThatIsAsItMustBe(t *testing.T) {
	t.Parallel()
	verdict := (&play{}).judge(t, nil)
	if !verdict.Passed || verdict.Failure != "" || verdict.Seen != report.Refused {
		t.Errorf("%+v", verdict)
	}
	for _, word := range []string{"back after 0.", "unsigned tried", "then signed 0 of ", errDown.Error()} {
		if !strings.Contains(verdict.Detail, word) {
			t.Errorf("%q isn't in %q", word, verdict.Detail)
		}
	}
}

// TestFaultsThatFail has a row fail for each thing that can be wrong with it.
func TestFaultsThatFail(t *testing.T) {
	t.Parallel()
	for name, one := range map[string]struct {
		play   *play
		change func(*Fault)
		says   string
	}{
		"an unsigned one gets in": {
			&play{admitsUnsigned: func(n int) bool { return n == 0 }}, nil, "(pod-unsigned) was admitted",
		},
		"unsigned ones get in": {
			&play{admitsUnsigned: func(int) bool { return true }}, nil, "pods/pod-unsigned (pod-unsigned) was admitted",
		},
		"one that nobody was told": {&play{left: []string{"pods/secret"}}, nil, "unsigned and there: pods/secret"},
		"it doesn't bite":          {&play{admitsSigned: true}, nil, "the fault doesn't bite"},
		"updates don't go on":      {&play{refusesUpdates: true}, nil, "(pod-label) has to go on"},
		"updates go on": {
			&play{}, func(f *Fault) { f.Updates = Waits }, "(pod-label) was admitted all the same",
		},
		"it never ends": {&play{staysDown: true}, nil, "waiting for pod-signed to be admitted again"},
		"nobody is told the words": {
			&play{}, func(f *Fault) { f.Words = regexp.MustCompile("timeout") }, "the fault wasn't seen",
		},
		"it can't be brought about": {&play{}, func(f *Fault) { f.Begin = failing }, "bringing it about: no"},
		"it wasn't met":             {&play{}, func(f *Fault) { f.Seen = failing }, "no"},
		"a webhook was missing":     {&play{gaps: "there was no rule"}, nil, "there was no rule"},
		"something has ended":       {&play{gone: true}, nil, "container container doesn't run any more"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			verdict := one.play.judge(t, one.change)
			if verdict.Passed || !strings.Contains(verdict.Failure, one.says) {
				t.Errorf("%q isn't in %q", one.says, verdict.Failure)
			}
		})
	}
}

func failing(context.Context) error { return errors.New("no") }

// TestFaultsAfterOneAnother counts what belongs to the one before no second time.
func TestFaultsAfterOneAnother(t *testing.T) {
	t.Parallel()
	l := newLedger()
	now := time.Now()
	for i := range 3 {
		l.note(outcome{actor: "a", class: unsigned, began: now, ended: now, admitted: i == 0})
	}
	tries, mark, _ := l.since(1)
	if len(tries) != 2 || mark != 3 || tries[0].admitted {
		t.Errorf("%d of %d: %v", len(tries), mark, tries)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("given up"))
	err := l.await(ctx, mark, func(tries []outcome) string {
		return each([]string{"a"}, 2, "to be answered", tries, func(outcome) bool { return true })
	})
	if err == nil || err.Error() != "waiting for a to be answered (0 of 2): given up" {
		t.Error(err)
	}
}
