package signer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// parent is notation's process ID, read as early as possible: once notation has
// died, the parent is another process.
var parent = os.Getppid()

// answer is the descriptor of the pipe by which notation reads the answer. The
// framework puts something else in the place of os.Stdout.
const answer = 1

// WithInterrupts returns a context that ends when the plugin is told to end by a
// signal, and when the process that started the plugin dies: notation ends on
// SIGTERM and doesn't tell its plugins. A signal that is ignored, as nohup does
// with SIGHUP, stays ignored.
func WithInterrupts(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 8)
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, parentDeath} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	watchParent()
	if os.Getppid() != parent {
		cancel(errParentDied)
	}
	// If notation died before parent was read, the only sign of it is that nobody
	// has the other end of the answer's pipe.
	go func() {
		if awaitReaderGone(answer) {
			cancel(errParentDied)
		}
	}()
	go func() {
		for {
			select {
			case s := <-signals:
				// The kernel reports the end of a thread of the parent too.
				if s != parentDeath {
					cancel(fmt.Errorf("the plugin was ended by signal %d (%v)", s, s))
				} else if os.Getppid() != parent {
					cancel(errParentDied)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}

var errParentDied = errors.New("notation has ended before the signature was made")
