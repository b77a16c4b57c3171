package readiness_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"container-signing/e2e/internal/readiness"
)

// open opens a gate, and returns where it is asked.
func open(t *testing.T) (*readiness.Gate, string) {
	t.Helper()
	gate, err := readiness.Open("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = gate.Close(context.Background()) })
	return gate, gate.URL()
}

// ask asks a gate, and returns once it has been heard: the answer to a first
// request has come, and the second has been sent with it.
func ask(t *testing.T, url string) (answer <-chan string) {
	t.Helper()
	address, _, _ := strings.Cut(strings.TrimPrefix(url, "http://"), "/")
	connection, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	requests := "HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET " + readiness.Path + " HTTP/1.0\r\n\r\n"
	if _, err := io.WriteString(connection, requests); err != nil {
		t.Fatal(err)
	}
	from := bufio.NewReader(connection)
	if response, err := http.ReadResponse(from, &http.Request{Method: http.MethodHead}); err != nil ||
		response.StatusCode != http.StatusNotFound {
		t.Fatalf("asking for what isn't there: %v, %v", response, err)
	}
	answers := make(chan string, 1)
	go func() {
		all, err := io.ReadAll(from)
		answers <- fmt.Sprint(string(all), err)
	}()
	return answers
}

func TestAnswersWhenReady(t *testing.T) {
	gate, url := open(t)
	answers := []<-chan string{ask(t, url), ask(t, url)}
	// Who asks now has to wait too: it gives up before there is an answer.
	impatient, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := readiness.Await(impatient, url); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the answer before it is ready: %v", err)
	}
	for _, answer := range answers {
		select {
		case words := <-answer:
			t.Errorf("the answer before it is ready: %s", words)
		default:
		}
	}
	gate.Ready()
	for _, answer := range answers {
		if words := <-answer; !strings.HasPrefix(words, "HTTP/1.0 200 OK") {
			t.Errorf("the answer when it is ready: %s", words)
		}
	}
	// And those who ask later, even if it fails after it has been ready.
	gate.Fail(errors.New("too late"))
	if err := readiness.Await(t.Context(), url); err != nil {
		t.Error(err)
	}
}

func TestTellsWhyItNeverWillBeReady(t *testing.T) {
	gate, url := open(t)
	answer := ask(t, url)
	gate.Fail(errors.New("no room for etcd"))
	gate.Ready()
	if words := <-answer; !strings.HasPrefix(words, "HTTP/1.0 503 ") || !strings.Contains(words, "no room for etcd") {
		t.Errorf("the answer isn't the reason: %s", words)
	}
	if err := readiness.Await(t.Context(), url); err == nil || !strings.Contains(err.Error(), "no room for etcd") {
		t.Errorf("the answer isn't the reason: %v", err)
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
