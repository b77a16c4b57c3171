package fault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"container-signing/e2e/internal/report"
)

// covered returns an error if the API server was told not to ask, or to go on
// without an answer, since the fault before.
func (t *trial) covered(at phases) error {
	gaps, err := t.gaps(t.since, at.over)
	if gaps != "" {
		err = errors.Join(err, errors.New(gaps))
	}
	return err
}

// none returns an error if there is an unsigned object that wasn't there after the
// fault before.
func (t *trial) none(ctx context.Context) error {
	names, err := t.admitted(ctx)
	names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(t.known, name) })
	t.known = append(t.known, names...)
	if err == nil && len(names) > 0 {
		err = fmt.Errorf("unsigned and there: %s", strings.Join(names, ", "))
	}
	return err
}

// stayed returns an error if something doesn't run any more that ran before.
func (t *trial) stayed(ctx context.Context, before []string) error {
	if t.running == nil {
		return nil
	}
	after, err := t.running(ctx)
	if err != nil {
		return err
	}
	for _, one := range before {
		if !slices.Contains(after, one) {
			err = errors.Join(err, fmt.Errorf("container %s doesn't run any more", one))
		}
	}
	return err
}

// verdictOn judges the tries since the fault before.
func verdictOn(f Fault, at phases, tries []outcome, failure error) report.Verdict {
	v := report.Verdict{
		Workload: "fault/" + f.Name, Kind: "Pod, Deployment", Expected: report.Refused, Seen: report.Refused,
		Attack: &report.Attack{Does: f.Does, Why: f.Why, KnownFrom: f.KnownFrom},
	}
	faults := []error{failure}
	during := func(o outcome) bool { return o.within(at.bites, at.ending) }
	for _, one := range tries {
		if one.class == unsigned && one.admitted {
			v.Seen = report.Admitted
			faults = append(faults, fmt.Errorf("%s (%s) was admitted %s", one.object, one.actor, at.when(one)))
		}
	}
	meanwhile := slices.DeleteFunc(slices.Clone(tries), func(o outcome) bool { return !during(o) })
	faults = append(faults, f.Signed.fits(signed, meanwhile))
	updates := meanwhile
	if f.Updates == Goes {
		updates = tries // before it and after it too
	}
	faults = append(faults, f.Updates.fits(update, updates))
	words, err := f.words(at, tries)
	faults = append(faults, err)
	seconds := at.back.Sub(at.ending)
	if seconds > backWithin {
		faults = append(faults, fmt.Errorf("signed workloads were admitted again only after %.1f s", seconds.Seconds()))
	}
	v.Detail = detail(seconds, tries, meanwhile, words)
	if err := errors.Join(faults...); err != nil {
		v.Failure = strings.ReplaceAll(err.Error(), "\n", "; ")
	} else {
		v.Passed = true
	}
	return v
}

// when tells in which phase of a fault a try was.
func (at phases) when(o outcome) string {
	switch {
	case o.ended.Before(at.begun):
		return "before the fault, or as it began"
	case o.within(at.begun, at.ending):
		return "while it lasted"
	case o.began.Before(at.ending):
		return "as it began or ended"
	default:
		return fmt.Sprintf("%.1f s after it was ended", o.ended.Sub(at.ending).Seconds())
	}
}

// fits returns an error if the tries of a class met with something else.
func (f Fate) fits(class class, tries []outcome) error {
	for _, one := range tries {
		switch {
		case one.class != class:
		case f == Waits && one.admitted:
			return fmt.Errorf("%s (%s) was admitted all the same: the fault doesn't bite", one.object, one.actor)
		case f == Goes && !one.admitted:
			return fmt.Errorf("%s (%s) has to go on, and was refused: %s", one.object, one.actor, one.reason)
		}
	}
	return nil
}

// words returns what those were told who applied signed workloads, with the words
// that must be in it, if some must.
func (f Fault) words(at phases, tries []outcome) (string, error) {
	var other string
	for _, one := range tries {
		if one.class != signed || one.admitted || one.ended.Before(at.begun) {
			continue
		}
		if f.Words == nil || f.Words.MatchString(one.reason) {
			return one.reason, nil
		}
		other = one.reason
	}
	if f.Words != nil {
		return other, fmt.Errorf("nobody was told %q: the fault wasn't seen", f.Words)
	}
	return "", nil
}

// detail tells how many there were, and one excerpt.
func detail(back time.Duration, tries, meanwhile []outcome, words string) string {
	of := func(tries []outcome, wanted class) int {
		return count(tries, func(o outcome) bool { return o.class == wanted })
	}
	went := func(wanted class) string {
		admitted := count(meanwhile, func(o outcome) bool { return o.class == wanted && o.admitted })
		return fmt.Sprintf("%d of %d", admitted, of(meanwhile, wanted))
	}
	told := fmt.Sprintf(
		"back after %.1f s; %d unsigned tried, %d of them meanwhile; then signed %s admitted, updates %s",
		back.Seconds(), of(tries, unsigned), of(meanwhile, unsigned), went(signed), went(update))
	if words != "" {
		told += ": " + words
	}
	return told
}
