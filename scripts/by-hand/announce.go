package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// describe returns the request in words.
func (r *request) describe() string {
	var text strings.Builder
	artifact := artifactDigest(r.payload)
	if artifact == "" {
		artifact = "unknown: the payload is not one of Notation's"
	}
	digest := r.spec.hash.New()
	digest.Write(r.payload) // a hash never returns an error
	fmt.Fprintf(&text, "A signature is awaited.\n\n")
	fmt.Fprintf(&text, "Artifact:   %s\n", artifact)
	fmt.Fprintf(&text, "Key:        %q, %s\n", r.keyID, r.spec.name)
	fmt.Fprintf(&text, "Algorithm:  %s\n", r.spec.algorithmInWords())
	fmt.Fprintf(&text, "Payload:    %s\n", r.path(payloadName))
	fmt.Fprintf(&text, "%-11s %x\n", r.spec.hash.String()+":", digest.Sum(nil))
	fmt.Fprintf(&text, "Until:      %s\n\n", r.deadline.time.Format(time.RFC1123Z))
	fmt.Fprintf(&text, "To sign, with PRIVATE-KEY.pem being that key:\n\n  %s\n\n", r.command())
	fmt.Fprintf(&text, "or put the signature there otherwise, as bytes, base64 or hex.\n")
	fmt.Fprintf(&text, "To decline, remove the folder.\n")
	return text.String()
}

func (k keySpec) algorithmInWords() string {
	if k.elliptic() {
		return k.algorithm
	}
	return fmt.Sprintf("%s, MGF1 with %v, salt of %d bytes", k.algorithm, k.hash, k.hash.Size())
}

// command is the openssl command that answers the request.
func (r *request) command() string {
	hash := strings.ToLower(strings.ReplaceAll(r.spec.hash.String(), "-", ""))
	options := ""
	if !r.spec.elliptic() {
		options = "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:digest "
	}
	return fmt.Sprintf("openssl dgst -%s -sign PRIVATE-KEY.pem %s-out %s %s",
		hash, options, quote(r.path(signatureName)), quote(r.path(payloadName)))
}

// quote quotes text for a shell.
func quote(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// announce shows the request on the terminal and starts the user's command.
// The channel gives the command's error, or nil when it has told, and is then
// closed; it is nil where there is no command. That nobody is told is no
// error: somebody may watch the signing folder.
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
	// The command stays in our process group, so that the plugin ends it and
	// what it starts together with us. What it prints is for whoever reads
	// our standard error; standard output is for the signature. No error
	// repeats the command: a chat's address in it may be a secret.
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
	// A terminal that somebody stopped (Ctrl-S) or that hung up is as good as
	// none: neither may keep us from the deadline.
	if terminal.SetWriteDeadline(time.Now().Add(time.Second)) == nil {
		_, _ = terminal.WriteString(text)
	}
}
