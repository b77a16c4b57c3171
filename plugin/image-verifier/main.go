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
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"

	"container-signing/internal/hint"
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

// A verdict is what becomes of an image, and why.
type verdict struct {
	status int
	reason string
}

func accepted(format string, args ...any) verdict {
	return verdict{exitAccepted, fmt.Sprintf(format, args...)}
}

func refused(format string, args ...any) verdict {
	return verdict{exitRefused, fmt.Sprintf(format, args...)}
}

// undecided is the verdict where there can't be one. It refuses the image. What
// can be done about it stands in the same line: containerd passes on only one.
func undecided(err error) verdict {
	reason := "no verdict: " + err.Error()
	for _, advice := range hint.Of(err) {
		reason += "; hint: " + advice
	}
	return verdict{exitUndecided, reason}
}

func main() {
	v := decide(os.Args[1:], os.Stdin)
	// An image isn't accepted where the reason can't be printed.
	if _, err := fmt.Fprintln(os.Stdout, oneLine(v.reason)); err != nil {
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

// reasonLimit bounds a reason, in bytes: containerd reads 32 KiB, and it is shown
// among the events of a pod.
const reasonLimit = 1000

// oneLine makes a text that others had a part in, a registry among them, into
// one line without anything that a terminal would obey.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
	if len(text) > reasonLimit {
		text = strings.ToValidUTF8(text[:reasonLimit], "") + "…"
	}
	return text
}
