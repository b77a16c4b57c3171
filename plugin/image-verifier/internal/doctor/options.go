package doctor

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"container-signing/internal/hint"
)

// Name is what the program is called with to be the doctor.
const Name = "doctor"

// A Verifier is what the doctor has to know of the verifier.
type Verifier struct {
	// TrustVariable names the folder of notation's configuration in containerd's
	// environment; without it the folder is Trust.
	TrustVariable, Trust string
	// TimeoutVariable names the time that the verifier takes at most in
	// containerd's environment; without it the time is Timeout.
	TimeoutVariable string
	Timeout         time.Duration
}

const defaultAddress = "/run/containerd/containerd.sock"

const help = `Tells whether containerd on this node asks the image verifier, as root:

  notation-image-verifier doctor [flags]

It reads containerd's configuration and the verifier's trust, and pulls a canary:
an image that it serves itself on loopback and that nobody has signed. containerd
must refuse it. Should it be pulled, it is removed again.

  --address SOCKET   where containerd serves; ` + defaultAddress + ` without it
  --canary IMAGE     pull this image instead, which must be refused: such as an
                     unsigned one in a registry of yours
  --timeout TIME     give up a pull after that time; 30s without it

Exit status: 0 if the lock is on, 1 if it is off or something of it is wrong,
2 if that can't be told.
`

// options are the doctor's flags.
type options struct {
	address, canary string
	timeout         time.Duration
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet(Name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.address, "address", defaultAddress, "")
	flags.StringVar(&o.canary, "canary", "", "")
	flags.DurationVar(&o.timeout, "timeout", 30*time.Second, "")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	if o.timeout <= 0 {
		return o, fmt.Errorf("reading --timeout %q: it isn't a positive duration", o.timeout)
	}
	return o, nil
}

func within(timeout time.Duration) (context.Context, context.CancelFunc) {
	cause := hint.Add(fmt.Errorf("given up after %s", timeout), "--timeout takes another time")
	return context.WithTimeoutCause(context.Background(), timeout, cause)
}
