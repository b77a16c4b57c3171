package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"
)

// witnessFD is the descriptor of the witness in the processes that it watches. It
// is beyond those that the plugin gives a meaning of its own.
const witnessFD = 7

// A witness is a pipe that a process and all its descendants inherit, whatever
// they do to their sessions and groups. Its end of file says that all are gone.
type witness struct {
	cmd   *exec.Cmd
	file  *os.File
	held  []*os.File
	lines *bufio.Scanner
}

func newWitness(cmd *exec.Cmd) (*witness, error) {
	reader, writer, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	for range witnessFD - 2 {
		cmd.ExtraFiles = append(cmd.ExtraFiles, writer)
	}
	return &witness{cmd, reader, []*os.File{writer}, bufio.NewScanner(reader)}, nil
}

func (w *witness) start() error {
	err := w.cmd.Start()
	for _, file := range w.held {
		err = errors.Join(err, file.Close())
	}
	return err
}

// line waits for a process to write a line into the witness.
func (w *witness) line(within time.Duration) (string, error) {
	if err := w.file.SetReadDeadline(time.Now().Add(within)); err != nil {
		return "", err
	}
	if !w.lines.Scan() {
		return "", fmt.Errorf("waiting for a process to report: %w", errors.Join(w.lines.Err(), io.EOF))
	}
	return w.lines.Text(), nil
}

// gone waits for all processes to be gone.
func (w *witness) gone(within time.Duration) error {
	if err := w.file.SetReadDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	for w.lines.Scan() {
	}
	if err := w.lines.Err(); err != nil {
		return fmt.Errorf("a process has stayed behind: %w", err)
	}
	return nil
}
