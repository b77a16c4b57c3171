package cluster

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// TestRoute probes a server that fails once after its first success, and looks
// at which probe it is led to, and whether it is until it is over.
func TestRoute(t *testing.T) {
	t.Parallel()
	var probes atomic.Int64
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/health/readiness" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		if probes.Add(1) == 2 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	}))
	defer server.Close()
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		route{address, time.Millisecond}.lead(port, over)
		close(ended)
	}()
	limit := time.After(time.Minute)
	for {
		before := probes.Load()
		connection, err := net.Dial("tcp", address)
		if err == nil {
			connection.Close()
			break
		}
		if before > 4 {
			t.Fatal("nobody is led there after the probes that suffice")
		}
		select {
		case <-limit:
			t.Fatal("nobody is led there")
		default:
		}
	}
	if got := probes.Load(); got != 4 {
		t.Errorf("it is led there after %d probes, not after 4", got)
	}
	close(over)
	<-ended
	if connection, err := net.Dial("tcp", address); err == nil {
		connection.Close()
		t.Error("it is led there though it is over")
	}
}

// TestProbesAreThoseOfTheChart compares the probes with those that Kyverno's pods
// get by policies/kyverno/values.yaml.
func TestProbesAreThoseOfTheChart(t *testing.T) {
	content, err := os.ReadFile("../../../policies/kyverno/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var values struct {
		AdmissionController struct {
			ReadinessProbe struct {
				PeriodSeconds    int `json:"periodSeconds"`
				SuccessThreshold int `json:"successThreshold"`
			} `json:"readinessProbe"`
		} `json:"admissionController"`
	}
	if err := yaml.Unmarshal(content, &values); err != nil {
		t.Fatal(err)
	}
	probe := values.AdmissionController.ReadinessProbe
	if probe.SuccessThreshold != probeSuccesses || time.Duration(probe.PeriodSeconds)*time.Second != probePeriod {
		t.Errorf("the chart's is %+v", probe)
	}
}
