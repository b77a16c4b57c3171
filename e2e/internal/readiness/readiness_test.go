package readiness_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"

	"container-signing/e2e/internal/readiness"
)

// open opens a gate, and returns where it is asked.
func open(t *testing.T) (*readiness.Gate, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	gate, err := readiness.Open(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = gate.Close(context.Background()) })
	return gate, "http://" + address + readiness.Path
}

// ask asks a gate twice, beside the test.
func ask(t *testing.T, url string) <-chan error {
	t.Helper()
	answers := make(chan error, 2)
	for range cap(answers) {
		go func() { answers <- readiness.Await(t.Context(), url) }()
	}
	return answers
}

func TestAnswersWhenReady(t *testing.T) {
	gate, url := open(t)
	answers := ask(t, url)
	select {
	case err := <-answers:
		t.Fatalf("an answer before it is ready: %v", err)
	default:
	}
	gate.Ready()
	for range cap(answers) {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
	// And those who ask later, even if it fails after it has been ready.
	if err := readiness.Await(t.Context(), url); err != nil {
		t.Error(err)
	}
}

func TestTellsWhyItNeverWillBeReady(t *testing.T) {
	gate, url := open(t)
	answers := ask(t, url)
	gate.Fail(errors.New("no room for etcd"))
	gate.Ready()
	for range cap(answers) {
		if err := <-answers; err == nil || !strings.Contains(err.Error(), "no room for etcd") {
			t.Errorf("the answer isn't the reason: %v", err)
		}
	}
}

func refused(err error) bool {
	var failed *net.OpError
	return errors.As(err, &failed) && failed.Op == "dial"
}

func TestWhatIsNoGate(t *testing.T) {
	gate, url := open(t)
	gate.Ready()
	if err := readiness.Await(t.Context(), url+"/other"); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("another path: %v", err)
	}
	if err := gate.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if err := readiness.Await(t.Context(), url); !refused(err) {
		t.Errorf("a gate that is closed: %v", err)
	}
	if err := readiness.Await(t.Context(), "cluster:6444"); err == nil {
		t.Error("what is no URL is no error")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, url = open(t)
	if err := readiness.Await(ctx, url); !errors.Is(err, context.Canceled) {
		t.Errorf("who no longer waits: %v", err)
	}
}

func TestAddressThatIsTaken(t *testing.T) {
	_, url := open(t)
	address := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), readiness.Path)
	if gate, err := readiness.Open(address); err == nil {
		_ = gate.Close(context.Background())
		t.Error("two gates at one address")
	}
}
