package cluster

import (
	"context"
	"errors"
	"testing"
	"time"

	"container-signing/e2e/internal/process"
)

// keep starts what stands for Kyverno, and a keeper of it.
func keep(t *testing.T) (*Keeper, *process.Group) {
	t.Helper()
	group := newGroup(t)
	command := process.Command{Name: "kyverno", Path: "/bin/sh", Args: []string{"-c", "sleep 60"}}
	c := &Cluster{processes: group, command: func(string) process.Command { return command }}
	var err error
	if c.kyverno, err = group.Start(command); err != nil {
		t.Fatal(err)
	}
	return c.Keep(group.Context()), group
}

// current is the process that stands for Kyverno now.
func (k *Keeper) current() *process.Process {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.cluster.kyverno
}

// awaitAnother waits for another process than one.
func awaitAnother(t *testing.T, k *Keeper, than *process.Process) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for k.current() == than {
		if ctx.Err() != nil {
			t.Fatal("it isn't started again")
		}
		<-time.After(time.Millisecond)
	}
}

// TestKeeper ends Kyverno in all ways, and looks whether another one is started
// when it has to be.
func TestKeeper(t *testing.T) {
	t.Parallel()
	k, group := keep(t)
	ctx := t.Context()
	for name, end := range map[string]func(context.Context) error{"killed": k.Kill, "stopped": k.Stop} {
		before := k.current()
		if err := end(ctx); err != nil {
			t.Fatal(err)
		}
		<-before.Exited()
		if k.current() != before || k.Ended() != 0 {
			t.Errorf("when %s, it was started again before it was asked for", name)
		}
		if err := k.Start(ctx); err != nil {
			t.Fatal(err)
		}
		if k.current() == before {
			t.Errorf("when %s, it isn't started again", name)
		}
	}
	if err := errors.Join(k.Pause(ctx), k.Resume(ctx)); err != nil {
		t.Error(err)
	}
	for ended := 1; ended <= 2; ended++ {
		before := k.current()
		group.Kill(before) // as if by itself
		awaitAnother(t, k, before)
		if k.Ended() != ended {
			t.Errorf("it has ended %d times by itself, not %d", k.Ended(), ended)
		}
	}
	if err := group.Crash(); err != nil {
		t.Errorf("its end was a crash: %v", err)
	}
}

// TestKeeperEnds lets nothing be started when the run is over.
func TestKeeperEnds(t *testing.T) {
	t.Parallel()
	k, group := keep(t)
	before := k.current()
	group.Close()
	<-before.Exited()
	if err := k.Start(t.Context()); err == nil {
		t.Error("it can be started though the run is over")
	}
}
