package main_test

import (
	"syscall"
	"testing"
)

// TestPartClusterEnd ends clusters by what leaves them no time, or hits a part
// of theirs. Nothing may be left.
func TestPartClusterEnd(t *testing.T) {
	for name, end := range map[string]struct {
		until  string
		hit    func(*clusterPart)
		status int
		words  []string
	}{
		"SIGKILL when it is ready": {clusterReady, func(c *clusterPart) { c.signal(syscall.SIGKILL) }, -1, nil},
		"SIGTERM while it starts":  {"start etcd and kube-apiserver", func(c *clusterPart) { c.signal(syscall.SIGTERM) }, 1, []string{"terminated signal received"}},
		"Kyverno crashes": {clusterReady, func(c *clusterPart) { kill(c.t, c.child("kyverno")) }, 1,
			[]string{"kyverno ended: signal: killed; the end of its log:\n    "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			awaitTurn(t)
			c := newStage(t).startCluster("cluster.test")
			c.awaitLine(end.until)
			end.hit(c)
			if status := c.wait(); status != end.status {
				t.Errorf("exit status %d, not %d", status, end.status)
			}
			if end.words != nil {
				c.checkError(end.words...)
			}
		})
	}
}
