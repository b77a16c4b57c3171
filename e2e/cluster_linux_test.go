package main_test

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
)

// TestClusterEnd ends clusters by what leaves them no time, or hits a part
// of theirs. Nothing may be left.
func TestClusterEnd(t *testing.T) {
	for name, end := range map[string]struct {
		until  string
		hit    func(*clusterCommand)
		status int
		words  []string
		ready  int    // status of the answer to who has asked whether it is ready
		told   string // and the words
	}{
		"SIGKILL when it is ready": {
			clusterReady, func(c *clusterCommand) { c.signal(syscall.SIGKILL) }, -1, nil, http.StatusOK, "ok",
		},
		"SIGTERM while it starts": {"start etcd and kube-apiserver",
			func(c *clusterCommand) { c.signal(syscall.SIGTERM) }, 1,
			[]string{"terminated signal received"}, http.StatusServiceUnavailable, "terminated signal received"},
		"etcd crashes while Kyverno starts": {"create Kyverno's resource definitions",
			func(c *clusterCommand) { kill(c.t, c.child("etcd")) }, 1,
			[]string{"etcd ended: signal: killed"}, http.StatusServiceUnavailable, "etcd ended: signal: killed"},
		"Kyverno crashes": {clusterReady, func(c *clusterCommand) { kill(c.t, c.child("kyverno")) }, 1,
			[]string{"kyverno ended: signal: killed; the end of its log:\n    "}, http.StatusOK, "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			awaitTurn(t)
			c := newStage(t).startCluster("cluster.test")
			c.awaitLine(end.until)
			answer := c.ask()
			if end.ready == http.StatusServiceUnavailable {
				end.hit(c)
			}
			if status, words := answer(); status != end.ready || !strings.Contains(words, end.told) {
				t.Errorf("who has asked whether it is ready is told: %d %s", status, words)
			}
			if end.ready == http.StatusOK {
				end.hit(c)
			}
			if status := c.wait(); status != end.status {
				t.Errorf("exit status %d, not %d", status, end.status)
			}
			if end.words != nil {
				c.checkError(end.words...)
			}
		})
	}
}
