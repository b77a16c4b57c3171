// By-hand is a signer for people: it writes the payload and what is wanted to
// a folder, says that a signature is awaited, waits for somebody to put the
// signature there, and gives up at its deadline.
//
// It needs nothing but itself: go build -o by-hand ./scripts/by-hand
//
// It is a program and not a shell script like the other signers, because a
// shell can wait for a file only by looking for it again and again, and can't
// see whether a file with zero bytes in it is whole. The kernel tells this
// program of every change to the folder.
//
// It reads in its environment, besides what the plugin sets:
//
//	EXTERNAL_SIGNING_FOLDER  existing folder in which each request gets a
//	                         folder of its own; who may answer is up to its
//	                         permissions
//	EXTERNAL_NOTIFY          optional shell command (mail, chat) that tells
//	                         somebody: the request is its standard input, the
//	                         request's folder its first argument, "$1"
//	EXTERNAL_DEADLINE        seconds to wait at most, where that is to be
//	                         less than the plugin's timeout
//
// It waits until a second before the plugin gives it up (SIGNER_DEADLINE), or
// for 15 minutes where no plugin says that. People need longer than the
// plugin's default of a minute: set its timeout.
//
// Where there is a terminal, the request is shown there too.
//
//	EXTERNAL_SIGNING_FOLDER=/srv/signing \
//	EXTERNAL_NOTIFY='mail -s "Signature wanted" release@example.com' notation sign \
//	    --plugin external-signer --id release \
//	    --plugin-config signer=by-hand --plugin-config timeout=20m \
//	    --plugin-config certificate-chain=release.pem \
//	    registry.example.com/app@sha256:…
//
// The answer is the file "signature" in the request's folder: bytes, base64
// or hex; an ECDSA signature r‖s or DER. It is taken as soon as it is whole,
// which its length tells: so it may be copied, moved, uploaded, or written in
// place by openssl or an editor, and half a file is never taken. Removing the
// folder declines the request.
//
// An answered request stays, as a record of what was signed. One that was
// given up is removed, so that nobody signs what is no longer waited for: at
// the deadline, on SIGINT, SIGTERM and SIGHUP, and when notation is interrupted
// or killed, because the plugin then sends a SIGTERM. It stays without a
// signature only where this program or its parent, the plugin's guard process,
// gets a SIGKILL, or the machine goes down; its text says how long it was valid.
//
// Changes that another machine makes on a network share are not told to this
// one by the kernel: the folder has to be local to where the signer runs.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"container-signing/internal/hint"
)

// maxPayload bounds what is read from standard input, in bytes. A payload of
// Notation's has one or two thousand.
const maxPayload = 1 << 20

func main() {
	// The plugin runs signers in a process group of their own, which is not
	// the terminal's foreground: with "stty tostop" a write there would stop
	// this program.
	signal.Ignore(syscall.SIGTTOU)
	if err := sign(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "by-hand: %s\n", hint.Text(err))
		os.Exit(1)
	}
}

// sign makes a request for the payload of stdin, waits for its answer and
// writes the signature to stdout.
func sign(stdin io.Reader, stdout io.Writer) (err error) {
	settings, err := readSettings(os.Getenv)
	if err != nil {
		return err
	}
	payload, err := readPayload(stdin)
	if err != nil {
		return err
	}
	ctx, stop := withSignals(context.Background())
	defer stop()
	ctx, cancel := context.WithDeadlineCause(ctx, settings.deadline.time, settings.deadline.cause)
	defer cancel()

	request, err := newRequest(settings, payload)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, request.remove())
		}
	}()
	signature, err := request.answer(ctx)
	if err != nil {
		return err
	}
	if _, err := stdout.Write(signature); err != nil {
		return fmt.Errorf("writing the signature: %w", err)
	}
	return nil
}

// withSignals returns a context that a signal ends, so that a request is taken
// back. Before there is one, a signal may as well end the program: reading
// standard input would go on in spite of the context. A signal that is ignored,
// as nohup does with SIGHUP, stays ignored.
func withSignals(ctx context.Context) (context.Context, context.CancelFunc) {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP}
	return signal.NotifyContext(ctx, slices.DeleteFunc(signals, signal.Ignored)...)
}

func readPayload(stdin io.Reader) ([]byte, error) {
	payload, err := io.ReadAll(io.LimitReader(stdin, maxPayload+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the payload on standard input: %w", err)
	case len(payload) == 0:
		return nil, hint.Add(errors.New("reading the payload on standard input: it is empty"),
			"let the plugin start this program, or pass the payload there")
	case len(payload) > maxPayload:
		return nil, fmt.Errorf("reading the payload on standard input: it has more than %d bytes", maxPayload)
	}
	return payload, nil
}
