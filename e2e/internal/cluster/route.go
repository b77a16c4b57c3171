package cluster

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"container-signing/e2e/internal/forward"
)

// The readiness probe that policies/kyverno/values.yaml gives Kyverno's pods. Its
// server answers a moment before it has read the ImageValidatingPolicies, and
// until then admits all: only the second success says that it has.
const (
	probePeriod    = 5 * time.Second
	probeSuccesses = 2
)

// A route leads from an address to a Kyverno that is ready, as a Service does in
// a cluster.
type route struct {
	address string
	// period is the time between two probes. They go by the clock, as those of
	// kubelet do.
	period time.Duration
}

// lead leads to a port of loopback from when Kyverno is ready there until it is over.
func (r route) lead(port string, over <-chan struct{}) {
	to := net.JoinHostPort("127.0.0.1", port)
	if !r.ready(to, over) {
		return
	}
	listener, err := net.Listen("tcp", r.address)
	if err != nil {
		return // whoever asks there is told that nobody listens
	}
	go forward.Serve(listener, func() (net.Conn, error) { return net.Dial("tcp", to) })
	<-over
	// Nothing can be done about a listener that doesn't close.
	_ = listener.Close()
}

// ready returns when enough probes in a row have succeeded, or false when it is over.
func (r route) ready(address string, over <-chan struct{}) bool {
	ticker := time.NewTicker(r.period)
	defer ticker.Stop()
	for successes := 0; successes < probeSuccesses; {
		select {
		case <-over:
			return false
		case <-ticker.C:
		}
		if successes++; !probe(address) {
			successes = 0
		}
	}
	return true
}

// probe asks as kubelet does, which checks no certificate.
func probe(address string) bool {
	client := http.Client{Timeout: probePeriod, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true,
	}}
	answer, err := client.Get("https://" + address + "/health/readiness")
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}
