// Command notation-image-verifier decides for containerd whether an image may
// be pulled: only if it carries a Notation signature that a trust policy of
// this machine accepts. containerd asks it before it fetches any of the image,
// for every pull and whatever admission control has said of it.
//
// Its configuration is notation's own, in the folder that NOTATION_CONFIG
// names, by default [defaultConfig]:
//
//	trustpolicy.json       notation policy import
//	truststore/x509/…      notation cert add
//	config.json            optional: insecureRegistries, credHelpers, credsStore, auths
//
// containerd's contract (docs/image-verification.md of containerd): it is
// called with -name, -digest and -stdin-media-type, gets the image's descriptor
// as JSON on standard input, prints one line that says why, and exits with 0 if
// the image may be pulled. Any other exit status refuses it: 1 if the image's
// signatures are the reason, 2 if nothing could be decided.
//
// Called as "notation-image-verifier doctor" by an operator, it tells whether
// containerd asks it, and what keeps it from that.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"container-signing/internal/hint"
	"container-signing/plugin/image-verifier/internal/doctor"
	"container-signing/plugin/image-verifier/internal/oneline"
)

// Exit statuses.
const (
	exitAccepted  = 0
	exitRefused   = 1
	exitUndecided = 2
)

// defaultTimeout is shorter than containerd's own (per_verifier_timeout, 10 s),
// after which it kills the verifier and shows no reason.
const (
	defaultTimeout  = 8 * time.Second
	timeoutVariable = "NOTATION_VERIFIER_TIMEOUT"
)

// A verdict is what becomes of an image, why, and what can be done about it.
type verdict struct {
	status int
	reason string
	advice []string
}

func accepted(format string, args ...any) verdict {
	return verdict{exitAccepted, fmt.Sprintf(format, args...), nil}
}

func refused(format string, args ...any) verdict {
	return verdict{exitRefused, fmt.Sprintf(format, args...), nil}
}

// undecided is the verdict where there can't be one. It refuses the image.
func undecided(err error) verdict {
	return verdict{exitUndecided, "no verdict: " + err.Error(), hint.Of(err)}
}

func main() {
	// containerd's arguments begin with a flag.
	if len(os.Args) > 1 && os.Args[1] == doctor.Name {
		os.Exit(doctor.Run(os.Args[2:], os.Stdout, doctor.Verifier{
			TrustVariable: trustVariable, Trust: defaultConfig,
			TimeoutVariable: timeoutVariable, Timeout: defaultTimeout,
		}))
	}
	v := decide(os.Args[1:], os.Stdin)
	// An image isn't accepted where the reason can't be printed.
	if _, err := fmt.Fprintln(os.Stdout, v.line()); err != nil {
		os.Exit(exitUndecided)
	}
	os.Exit(v.status)
}

func decide(args []string, stdin io.Reader) verdict {
	timeout, err := timeLimit()
	if err != nil {
		return undecided(err)
	}
	cause := hint.Add(fmt.Errorf("given up after %s", timeout),
		"set %s to another time, less than containerd's per_verifier_timeout", timeoutVariable)
	ctx, cancel := context.WithTimeoutCause(context.Background(), timeout, cause)
	defer cancel()
	decision := make(chan verdict, 1)
	// In a goroutine, so that the timeout also bounds reading of a standard input
	// that stays open and of a file system that hangs.
	go func() { decision <- decideWithin(ctx, args, stdin) }()
	select {
	case v := <-decision:
		return v
	case <-ctx.Done():
		return undecided(context.Cause(ctx))
	}
}

func decideWithin(ctx context.Context, args []string, stdin io.Reader) verdict {
	r, err := readRequest(args, stdin)
	if err != nil {
		return undecided(err)
	}
	trust, err := loadTrust(ctx, r)
	if err != nil {
		return undecided(err)
	}
	repository, err := openRepository(r)
	if err != nil {
		return undecided(err)
	}
	return verify(ctx, r, trust, repository)
}

func timeLimit() (time.Duration, error) {
	text := os.Getenv(timeoutVariable)
	if text == "" {
		return defaultTimeout, nil
	}
	limit, err := time.ParseDuration(text)
	if err != nil || limit <= 0 {
		return 0, hint.Add(fmt.Errorf("reading %s %q: it isn't a positive duration", timeoutVariable, text),
			"write a number and a unit, such as 8s")
	}
	return limit, nil
}

// line is the verdict in one line, because containerd passes on only one. Others had
// a part in the reason, a registry among them: nothing in it passes for advice.
func (v verdict) line() string {
	line := oneline.Of(strings.ReplaceAll(v.reason, "hint:", "hint,"))
	for _, advice := range v.advice {
		line += "; hint: " + oneline.Of(advice)
	}
	return line
}
