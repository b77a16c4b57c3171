package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"

	"container-signing/e2e/internal/forward"
)

// runForward runs a command while addresses of this machine lead elsewhere. In
// a container, a registry of the caller's machine keeps its name by that, such
// as localhost:5002: names are what credentials and trust policies go by.
func runForward(ctx context.Context, args []string) error {
	var leading leads
	flags := newPartFlags(&options{}, "forward")
	flags.Var(&leading, "lead", leadUsage)
	command, args := split(args)
	if err := parsePart(flags, args, "lead"); err != nil {
		return err
	}
	if len(command) == 0 {
		return usagef("there is no command: give it after --, as in `e2e forward --lead 127.0.0.1:5002=registry:5000 -- notation ls localhost:5002/app`")
	}
	stop, err := leading.start()
	if err != nil {
		return err
	}
	defer stop()
	return runInForeground(ctx, command)
}

const leadUsage = "`FROM=TO`: lead an address of this machine elsewhere, such as 127.0.0.1:5002=registry:5000; can be given several times"

// leads is a flag with addresses of this machine that lead elsewhere.
type leads []lead

type lead struct{ from, to string }

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

// split cuts a command line at the first "--".
func split(args []string) (command, rest []string) {
	for i, arg := range args {
		if arg == "--" {
			return args[i+1:], args[:i]
		}
	}
	return nil, args
}

// statusError is the exit status of a command that has said what was wrong.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// runInForeground runs a command with the standard input and outputs of this
// process. Its failure is a statusError.
func runInForeground(ctx context.Context, command []string) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	err := cmd.Run()
	var ended *exec.ExitError
	if errors.As(err, &ended) && ended.ExitCode() > 0 {
		return statusError(ended.ExitCode())
	}
	return err
}
