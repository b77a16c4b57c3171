package fault

import (
	"context"
	"sync"
	"time"

	"k8s.io/client-go/util/flowcontrol"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/judge"
)

// An actor tries to write objects, one after the other, all the time.
type actor struct {
	name  string
	class class
	// patience is how long it waits for an answer.
	patience time.Duration
	// patient says that it is waited for only in faults that want it: its
	// answers may take as long as a webhook may.
	patient bool
	// pace is when the next try may begin; nil is at once.
	pace flowcontrol.RateLimiter
	// try writes the object with a number, and returns what it is. Its error is
	// the API server's.
	try func(ctx context.Context, number int) (object string, err error)
}

// traffic is what actors do until it is stopped.
type traffic struct {
	ledger *ledger
	stop   context.CancelFunc
	done   sync.WaitGroup
}

// start lets the actors go on until the traffic or ctx ends.
func start(ctx context.Context, actors []actor) *traffic {
	ctx, stop := context.WithCancel(ctx)
	t := &traffic{ledger: newLedger(), stop: stop}
	for _, one := range actors {
		t.done.Go(func() {
			for number := 0; ctx.Err() == nil; number++ {
				if made, tried := one.once(ctx, number); tried {
					t.ledger.note(made)
				}
			}
		})
	}
	return t
}

// end returns when all tries have ended.
func (t *traffic) end() {
	t.stop()
	t.done.Wait()
}

// once tries once. One that is cut short by the end of the traffic is no try.
func (a actor) once(ctx context.Context, number int) (made outcome, tried bool) {
	if a.pace != nil && a.pace.Wait(ctx) != nil {
		return outcome{}, false
	}
	bounded, cancel := await.Within(ctx, a.patience+answering)
	defer cancel()
	made = outcome{actor: a.name, class: a.class, began: time.Now()}
	var err error
	made.object, err = a.try(bounded, number)
	made.ended, made.admitted = time.Now(), err == nil
	if err != nil {
		made.reason = judge.Classify(bounded, err).Reason
	}
	return made, err == nil || ctx.Err() == nil
}
