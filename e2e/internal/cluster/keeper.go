package cluster

import (
	"context"
	"sync"
	"time"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/process"
)

// stopLimit bounds the gentle end of Kyverno, which takes a second.
const stopLimit = 30 * time.Second

// A Keeper keeps a cluster's own Kyverno running, as its Deployment does in a
// cluster: one that ends by itself, as it does when it couldn't renew its lease
// in time, is started again.
type Keeper struct {
	cluster *Cluster
	ctx     context.Context

	mu    sync.Mutex
	away  bool // nobody wants it to run
	ended int  // how often it has ended by itself
}

// Keep makes the end of Kyverno no crash of the group any more, until ctx ends.
func (c *Cluster) Keep(ctx context.Context) *Keeper {
	k := &Keeper{cluster: c, ctx: ctx}
	k.watch(c.kyverno)
	return k
}

// watch starts Kyverno again when the process ends though it is to run.
func (k *Keeper) watch(kyverno *process.Process) {
	k.cluster.processes.Expect(kyverno)
	go func() {
		select {
		case <-k.ctx.Done():
			return
		case <-kyverno.Exited():
		}
		k.mu.Lock()
		defer k.mu.Unlock()
		// Who wanted it to end may have had another one started meanwhile.
		if k.away || k.cluster.kyverno != kyverno || k.ctx.Err() != nil {
			return
		}
		k.ended++
		// That it can't be started is seen by its not answering.
		_ = k.start()
	}()
}

// start starts another process. The API server goes on to ask at the same
// address, which leads to it once it is ready.
func (k *Keeper) start() error {
	port, err := process.LastingPort()
	if err != nil {
		return err
	}
	started, err := k.cluster.processes.Start(k.cluster.command(port))
	if err != nil {
		return err
	}
	k.cluster.kyverno = started
	k.watch(started)
	go route{k.cluster.webhooks, probePeriod}.lead(port, started.Exited())
	return nil
}

// leave returns Kyverno's process, which isn't started again when it ends.
func (k *Keeper) leave() *process.Process {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.away = true
	return k.cluster.kyverno
}

// Kill ends Kyverno by SIGKILL, and returns when it is gone.
func (k *Keeper) Kill(context.Context) error {
	k.cluster.processes.Kill(k.leave())
	return nil
}

// Stop ends Kyverno gently, as the end of its pod does, and returns when it is
// gone.
func (k *Keeper) Stop(ctx context.Context) error {
	kyverno := k.leave()
	ctx, cancel := await.Within(ctx, stopLimit)
	defer cancel()
	return k.cluster.processes.Stop(ctx, kyverno)
}

// Start starts Kyverno again.
func (k *Keeper) Start(context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.away = false
	return k.start()
}

// Pause stops Kyverno in the middle of what it does.
func (k *Keeper) Pause(context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cluster.kyverno.Pause()
}

// Resume lets it go on.
func (k *Keeper) Resume(context.Context) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cluster.kyverno.Resume()
}

// Ended is how often Kyverno has ended by itself.
func (k *Keeper) Ended() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ended
}
