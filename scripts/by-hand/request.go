package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// Names of the files in a request's folder.
const (
	payloadName   = "payload"
	requestName   = "request.txt"
	signatureName = "signature"
)

// A request is a folder in which a signature is awaited.
type request struct {
	settings
	payload []byte
	folder  string // absolute
	watcher *fsnotify.Watcher
	text    string
}

// newRequest makes the folder of a request for a signature of payload and
// begins to watch it. The caller removes it or waits for its answer.
func newRequest(s settings, payload []byte) (_ *request, err error) {
	name := time.Now().UTC().Format("20060102T150405Z-") + strings.ToLower(rand.Text()[:8])
	r := &request{settings: s, payload: payload, folder: filepath.Join(s.folder, name)}
	r.text = r.describe()
	// Who may answer is decided by umask, and by the setgid bit and the default
	// ACLs of the signing folder.
	if err := os.Mkdir(r.folder, 0o777); err != nil {
		return nil, fmt.Errorf("making a folder for the request: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.remove())
		}
	}()
	if r.watcher, err = fsnotify.NewWatcher(); err != nil {
		return nil, fmt.Errorf("watching folders: %w", err)
	}
	if err := r.watcher.Add(r.folder); err != nil {
		return nil, fmt.Errorf("watching the request %q: %w", r.folder, err)
	}
	// The text comes last, so that the payload is there when it can be seen.
	for _, file := range []struct{ name, content string }{
		{payloadName, string(payload)}, {requestName, r.text},
	} {
		if err := os.WriteFile(r.path(file.name), []byte(file.content), 0o666); err != nil {
			return nil, fmt.Errorf("writing the request: %w", err)
		}
	}
	return r, nil
}

func (r *request) path(name string) string { return filepath.Join(r.folder, name) }

// remove removes what the request is made of, and its folder unless somebody
// put something of theirs there. It is not an error if it is gone already.
func (r *request) remove() error {
	if r.watcher != nil {
		if err := r.watcher.Close(); err != nil {
			return fmt.Errorf("ending to watch the request %q: %w", r.folder, err)
		}
	}
	for _, path := range []string{r.path(requestName), r.path(payloadName), r.path(signatureName), r.folder} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("removing the request that was given up: %w", err)
		}
	}
	return nil
}

// answer tells people of the request, waits for its signature and returns it.
func (r *request) answer(ctx context.Context) ([]byte, error) {
	notifying, cancel := context.WithCancel(ctx)
	notified, err := r.announce(notifying)
	if err != nil {
		cancel()
		return nil, err
	}
	signature, err := r.wait(ctx, notified)
	cancel()
	if notified != nil {
		for range notified { // closed when the command has ended
		}
	}
	return signature, err
}

// wait waits for the signature: it looks at every change in the folder.
func (r *request) wait(ctx context.Context, notified <-chan error) ([]byte, error) {
	problem := fs.ErrNotExist
	for {
		signature, err := r.read()
		if err == nil {
			return signature, nil
		}
		if err.Error() != problem.Error() && !errors.Is(err, fs.ErrNotExist) {
			tell(fmt.Sprintf("Still waiting for %s: %v\n", r.path(signatureName), err))
		}
		problem = err
		select {
		case event := <-r.watcher.Events:
			if event.Name == r.folder && event.Has(fsnotify.Remove|fsnotify.Rename) {
				return nil, fmt.Errorf("the request was declined: somebody removed %q", r.folder)
			}
		case err := <-r.watcher.Errors:
			if !errors.Is(err, fsnotify.ErrEventOverflow) {
				return nil, fmt.Errorf("watching the request %q: %w", r.folder, err)
			}
		case err := <-notified:
			// The command is ended together with ctx; its error isn't the cause then.
			if err != nil && ctx.Err() == nil {
				return nil, err
			}
			notified = nil // told: a nil channel is never ready
		case <-ctx.Done():
			return nil, r.gaveUp(ctx, problem)
		}
	}
}

// gaveUp says why no signature came, by the last problem with the answer.
func (r *request) gaveUp(ctx context.Context, problem error) error {
	if errors.Is(problem, fs.ErrNotExist) {
		return fmt.Errorf("waiting for a signature in %q: %w", r.folder, context.Cause(ctx))
	}
	return fmt.Errorf("waiting for a signature in %q: %w; the file %q was there, but %w",
		r.folder, context.Cause(ctx), signatureName, problem)
}

// read returns the signature if the answer is there and whole.
func (r *request) read() ([]byte, error) {
	// Without O_NONBLOCK opening a pipe would wait for somebody to write.
	file, err := os.OpenFile(r.path(signatureName), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("it can't be read: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("it can't be read: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	const enough = 4096 // the longest, RSA-4096 in hex, has 1024 and line ends
	content, err := io.ReadAll(io.LimitReader(file, enough+1))
	if err != nil {
		return nil, fmt.Errorf("it can't be read: %w", err)
	}
	if len(content) > enough {
		return nil, fmt.Errorf("it has more than %d bytes, which no signature has", enough)
	}
	return decode(r.spec, content)
}
