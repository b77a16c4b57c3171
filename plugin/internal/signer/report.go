package signer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"container-signing/internal/hint"
)

// report is what the guard says about the signer, once.
type report struct {
	// Errno is why the signer couldn't be started, or 0.
	Errno int
	// Status is the signer's wait status.
	Status uint32
}

// send returns the guard's exit status: 1 where the plugin couldn't be told.
func (r report) send(to io.Writer) int {
	if json.NewEncoder(to).Encode(r) != nil {
		return 1
	}
	return 0
}

// readReport waits for the guard's report and returns how the signer failed.
func readReport(file *os.File) error {
	var r report
	if err := json.NewDecoder(file).Decode(&r); err != nil {
		if errors.Is(err, io.EOF) {
			return hint.Add(errors.New("the plugin's guard process was killed, and the signer with it"),
				"run it again, and see who kills processes here")
		}
		return fmt.Errorf("reading the guard's report: %w", err)
	}
	if r.Errno != 0 {
		return startErrno(r.Errno)
	}
	switch status := syscall.WaitStatus(r.Status); {
	case status.Signaled():
		return fmt.Errorf("the signer was ended by signal %d (%v)", int(status.Signal()), status.Signal())
	case status.ExitStatus() != 0:
		return fmt.Errorf("the signer ended with exit status %d", status.ExitStatus())
	}
	return nil
}
