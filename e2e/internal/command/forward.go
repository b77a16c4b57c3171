package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"github.com/spf13/cobra"

	"container-signing/e2e/internal/usage"
	"container-signing/internal/hint"
)

// newForward runs a command while addresses of this machine lead elsewhere. In
// a container, a registry of the caller's machine keeps its name by that, such
// as localhost:5002: names are what credentials and trust policies go by.
func newForward() *cobra.Command {
	var leading leads
	cmd := newVerb("forward", "Run a command while an address of this machine leads elsewhere", "lead")
	cmd.Use = "forward [flags] -- COMMAND [ARGUMENT...]"
	cmd.Flags().Var(&leading, "lead", leadUsage)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return usage.Fault(hint.Add(errors.New("there is no command"),
				"give it after --, as in "+
					"`e2e forward --lead 127.0.0.1:5002=registry:5000 -- notation ls localhost:5002/app`"))
		}
		stop, err := leading.start()
		if err != nil {
			return err
		}
		defer stop()
		return runInForeground(cmd.Context(), args)
	}
	return cmd
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
