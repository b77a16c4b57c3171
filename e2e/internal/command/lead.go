package command

import (
	"fmt"
	"net"
	"os"
	"strings"

	"container-signing/e2e/internal/forward"
)

const leadUsage = "`FROM=TO`: lead an address of this machine elsewhere, such as 127.0.0.1:5002=registry:5000; " +
	"can be given several times"

// leads is a flag with addresses of this machine that lead elsewhere.
type leads []lead

type lead struct{ from, to string }

// Type implements [pflag.Value].
func (l *leads) Type() string { return "FROM=TO" }

func (l *leads) String() string {
	var all []string
	for _, one := range *l {
		all = append(all, one.from+"="+one.to)
	}
	return strings.Join(all, ",")
}

func (l *leads) Set(value string) error {
	from, to, found := strings.Cut(value, "=")
	for _, address := range []string{from, to} {
		if _, _, err := net.SplitHostPort(address); err != nil || !found {
			return fmt.Errorf("give it as FROM=TO, two addresses such as 127.0.0.1:5002=registry:5000")
		}
	}
	*l = append(*l, lead{from, to})
	return nil
}

// start listens at the addresses until stop is called.
func (l leads) start() (stop func(), err error) {
	var listeners []net.Listener
	stop = func() {
		for _, listener := range listeners {
			// Nothing can be done about a listener that doesn't close.
			_ = listener.Close()
		}
	}
	for _, one := range l {
		listener, err := net.Listen("tcp", one.from)
		if err != nil {
			stop()
			return nil, fmt.Errorf("leading %s to %s: %w", one.from, one.to, err)
		}
		listeners = append(listeners, listener)
		go forward.Serve(listener, one.dial)
	}
	return stop, nil
}

// dial connects with where the address leads. Whoever calls is only cut off, so
// that the reason has to be said here.
func (l lead) dial() (net.Conn, error) {
	connection, err := net.Dial("tcp", l.to)
	if err != nil {
		fmt.Fprintf(os.Stderr, "e2e: leading %s to %s: %v\n", l.from, l.to, err)
	}
	return connection, err
}
