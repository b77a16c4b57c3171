package fault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/report"
)

const (
	// defaultLimit bounds each wait in a fault: a webhook may take 30 s, and so may
	// the one after it.
	defaultLimit = 3 * time.Minute
	// backWithin is how soon signed workloads have to be admitted again.
	backWithin = 2 * time.Minute
	// bitesWithin is how soon a fault has to be noticed.
	bitesWithin = time.Minute
	// often is how many answers each has to get that may be admitted, or not,
	// while a fault lasts.
	often = 2
)

// A trial brings faults about while there is traffic.
type trial struct {
	actors []actor
	ledger *ledger
	limit  time.Duration // of a wait
	// admitted lists unsigned objects that are there.
	admitted func(context.Context) ([]string, error)
	// gaps tells in what the API server was told less than it must be.
	gaps func(from, to time.Time) (string, error)
	// running lists what runs; nil if nothing can.
	running func(context.Context) ([]string, error)

	mark  int       // how many outcomes belong to the faults before
	since time.Time // when they ended
	known []string  // unsigned objects that they have let in
}

// phases are the moments of a fault.
type phases struct {
	begun  time.Time // it has been brought about
	bites  time.Time // what it does has been seen
	ending time.Time // it is about to be ended
	back   time.Time // signed workloads are admitted again
	over   time.Time
}

// of brings a fault about, ends it, and judges what was tried meanwhile. An error
// says that the faults after it can't be tried.
func (t *trial) of(ctx context.Context, f Fault) (report.Verdict, error) {
	started := time.Now()
	var at phases
	var before []string
	var err error
	if t.running != nil {
		if before, err = t.running(ctx); err != nil {
			return report.Verdict{}, err
		}
	}
	failure := t.last(ctx, f, &at)
	if at.ending.IsZero() {
		at.ending = time.Now()
	}
	if err := f.End(ctx); err != nil {
		return report.Verdict{}, errors.Join(failure, fmt.Errorf("ending the fault %q: %w", f.Name, err))
	}
	failure = errors.Join(failure, t.recover(ctx, &at))
	at.over = time.Now()
	if ctx.Err() != nil {
		return report.Verdict{}, context.Cause(ctx)
	}
	tries, mark, _ := t.ledger.since(t.mark)
	faults := []error{failure, t.stayed(ctx, before), t.covered(at), t.none(ctx)}
	verdict := verdictOn(f, at, tries, errors.Join(faults...))
	verdict.Seconds = time.Since(started).Seconds()
	t.mark, t.since = mark, at.over
	return verdict, nil
}

// last brings the fault about, and returns when all have met it often enough.
func (t *trial) last(ctx context.Context, f Fault, at *phases) error {
	ctx, cancel := await.Within(ctx, t.limit)
	defer cancel()
	if err := f.Begin(ctx); err != nil {
		return fmt.Errorf("bringing it about: %w", err)
	}
	at.begun = time.Now()
	at.bites = at.begun
	if f.Signed == Waits {
		// What it changes may have to get around first. An unsigned one that is
		// admitted is a fault already.
		soon, cancel := await.Within(ctx, min(bitesWithin, t.limit))
		defer cancel()
		err := t.ledger.await(soon, t.mark, func(tries []outcome) string {
			if count(tries, wronglyAdmitted) > 0 {
				return ""
			}
			return each(t.those(signed), 1, "not to be admitted", tries, func(o outcome) bool {
				return !o.admitted && !o.began.Before(at.begun)
			})
		})
		if err != nil {
			return fmt.Errorf("the fault doesn't bite: %w", err)
		}
		at.bites = time.Now()
	}
	err := t.ledger.await(ctx, t.mark, func(tries []outcome) string {
		if count(tries, wronglyAdmitted) > 0 {
			return ""
		}
		met := func(o outcome) bool { return !o.began.Before(at.bites) }
		if missing := each(t.those(unsigned), often, "to be answered", tries, met); missing != "" {
			return missing
		}
		if missing := each(t.those(update), 1, "to be answered", tries, met); missing != "" {
			return missing
		}
		if f.Patient {
			return each(t.patient(), 1, "to be answered", tries, met)
		}
		if f.Signed == Waits {
			return "" // they have been, before it bit
		}
		return each(t.those(signed), 1, "to be answered", tries, met)
	})
	at.ending = time.Now()
	if err == nil && f.Seen != nil {
		err = f.Seen(ctx)
	}
	return err
}

// recover returns when signed workloads are admitted again, and unsigned ones
// are answered.
func (t *trial) recover(ctx context.Context, at *phases) error {
	ctx, cancel := await.Within(ctx, t.limit)
	defer cancel()
	err := t.ledger.await(ctx, t.mark, func(tries []outcome) string {
		return each(t.those(signed), 1, "to be admitted again", tries, func(o outcome) bool {
			return o.admitted && !o.began.Before(at.ending)
		})
	})
	if at.back = time.Now(); err != nil {
		return err
	}
	return t.ledger.await(ctx, t.mark, func(tries []outcome) string {
		return each(t.those(unsigned), 1, "to be answered", tries, func(o outcome) bool {
			return !o.began.Before(at.back)
		})
	})
}

// those are the names of the actors of a class that are waited for.
func (t *trial) those(class class) []string {
	return t.named(func(a actor) bool { return a.class == class && !a.patient })
}

func (t *trial) patient() []string {
	return t.named(func(a actor) bool { return a.patient })
}

func (t *trial) named(is func(actor) bool) (names []string) {
	for _, one := range t.actors {
		if is(one) {
			names = append(names, one.name)
		}
	}
	return names
}
