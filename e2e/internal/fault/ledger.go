package fault

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// A ledger keeps the outcomes of tries in the order in which they ended.
type ledger struct {
	mu      sync.Mutex
	all     []outcome
	changed chan struct{} // closed with the next outcome
}

func newLedger() *ledger { return &ledger{changed: make(chan struct{})} }

func (l *ledger) note(o outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, o)
	close(l.changed)
	l.changed = make(chan struct{})
}

// since returns the outcomes after a number of them, how many there are now,
// and what is closed when there are more.
func (l *ledger) since(mark int) (tries []outcome, count int, more <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.all[mark:]), len(l.all), l.changed
}

// await returns once the outcomes after a number of them are enough. Enough
// tells what is missing, and nothing if they are.
func (l *ledger) await(ctx context.Context, mark int, enough func([]outcome) (missing string)) error {
	for {
		tries, _, more := l.since(mark)
		missing := enough(tries)
		if missing == "" {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("waiting for %s: %w", missing, context.Cause(ctx))
		}
	}
}

// each returns what is missing to a number of tries, by each of some
// actors, that are as wanted.
func each(actors []string, number int, what string, tries []outcome, wanted func(outcome) bool) (missing string) {
	counts := map[string]int{}
	for _, one := range tries {
		if wanted(one) {
			counts[one.actor]++
		}
	}
	for _, name := range actors {
		if has := counts[name]; has < number {
			return fmt.Sprintf("%s %s (%d of %d)", name, what, has, number)
		}
	}
	return ""
}

// count returns how many of the tries are as wanted.
func count(tries []outcome, wanted func(outcome) bool) (number int) {
	for _, one := range tries {
		if wanted(one) {
			number++
		}
	}
	return number
}
