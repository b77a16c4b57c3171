package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"

	"container-signing/e2e/internal/forward"
)

// runForward runs a command while an address of this machine leads elsewhere.
// In a container, a registry of the caller's machine keeps its name by that,
// such as localhost:5002: names are what credentials and trust policies go by.
func runForward(ctx context.Context, args []string) error {
	flags := newPartFlags(&options{}, "forward")
	from := flags.String("from", "", "`address` to listen on, such as 127.0.0.1:5002")
	to := flags.String("to", "", "`address` to lead to, such as registry:5000")
	command, args := split(args)
	if err := parsePart(flags, args, "from", "to"); err != nil {
		return err
	}
	if len(command) == 0 {
		return usagef("there is no command: give it after --, as in `e2e forward --from 127.0.0.1:5002 --to registry:5000 -- notation ls localhost:5002/app`")
	}
	listener, err := net.Listen("tcp", *from)
	if err != nil {
		return fmt.Errorf("opening --from: %w", err)
	}
	defer listener.Close()
	go forward.Serve(listener, func() (net.Conn, error) { return net.Dial("tcp", *to) })
	return runInForeground(ctx, command)
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
