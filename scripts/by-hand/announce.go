package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/kballard/go-shellquote"

	"container-signing/internal/keyspec"
)

// describe returns the request in words.
func (r *request) describe() string {
	var text strings.Builder
	artifact := artifactDigest(r.payload)
	if artifact == "" {
		artifact = "unknown: the payload is not one of Notation's"
	}
	fmt.Fprintf(&text, "A signature is awaited.\n\n")
	fmt.Fprintf(&text, "Artifact:   %s\n", artifact)
	fmt.Fprintf(&text, "Key:        %q, %s\n", r.keyID, r.spec.Name)
	fmt.Fprintf(&text, "Algorithm:  %s\n", algorithmInWords(r.spec))
	fmt.Fprintf(&text, "Payload:    %s\n", r.path(payloadName))
	fmt.Fprintf(&text, "%-11s %x\n", r.spec.Hash.String()+":", r.spec.Digest(r.payload))
	fmt.Fprintf(&text, "Until:      %s\n\n", r.deadline.time.Format(time.RFC1123Z))
	fmt.Fprintf(&text, "To sign, with PRIVATE-KEY.pem being that key:\n\n  %s\n\n", r.command())
	fmt.Fprintf(&text, "or put the signature there otherwise, as bytes, base64 or hex.\n")
	fmt.Fprintf(&text, "To decline, remove the folder.\n")
	return text.String()
}

func algorithmInWords(spec keyspec.Spec) string {
	if spec.IsECDSA() {
		return spec.SigningAlgorithm
	}
	return fmt.Sprintf("%s, MGF1 with %v, salt of %d bytes", spec.SigningAlgorithm, spec.Hash, spec.Hash.Size())
}

// command is the openssl command that answers the request.
func (r *request) command() string {
	hash := strings.ToLower(strings.ReplaceAll(r.spec.Hash.String(), "-", ""))
	options := ""
	if !r.spec.IsECDSA() {
		options = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest "
	}
	return fmt.Sprintf("openssl dgst -%s -sign PRIVATE-KEY.pem %s-out %s %s",
		hash, options, shellquote.Join(r.path(signatureName)), shellquote.Join(r.path(payloadName)))
}

// announce shows the request on the terminal and starts the user's command.
// The channel gives the command's error, if it has one, and is then closed; it
// is nil where there is no command. That there is neither a terminal nor a
// command is no error: somebody may watch the signing folder.
func (r *request) announce(ctx context.Context) (<-chan error, error) {
	tell("\n" + r.text)
	if r.notify == "" {
		return nil, nil
	}
	text, err := os.Open(r.path(requestName))
	if err != nil {
		return nil, fmt.Errorf("reading the request: %w", err)
	}
	defer text.Close()
	// The command stays in this process group, so that the plugin ends it and
	// what it starts together with this program. Its output goes to standard
	// error, because standard output is for the signature. No error repeats the
	// command: a chat's address in it may be a secret.
	command := exec.CommandContext(ctx, "/bin/sh", "-c", r.notify, "sh", r.folder)
	command.Stdin, command.Stdout, command.Stderr = text, os.Stderr, os.Stderr
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("running EXTERNAL_NOTIFY: %w", err)
	}
	notified := make(chan error, 1)
	go func() {
		defer close(notified)
		if err := command.Wait(); err != nil {
			notified <- fmt.Errorf("running EXTERNAL_NOTIFY: %w", err)
		}
	}()
	return notified, nil
}

// tell writes to the terminal, where there is one.
func tell(text string) {
	terminal, err := os.OpenFile("/dev/tty", os.O_WRONLY, 0)
	if err != nil {
		return // no terminal
	}
	defer terminal.Close()
	// A terminal that somebody stopped (Ctrl-S) or that hung up is treated as
	// none, so that the deadline is kept.
	if terminal.SetWriteDeadline(time.Now().Add(time.Second)) == nil {
		_, _ = terminal.WriteString(text)
	}
}
