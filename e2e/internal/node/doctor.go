package node

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
)

// A Diagnosis is how the doctor of the image verifier ends, and what it shows.
type Diagnosis struct {
	Status int
	Text   string
}

// Diagnose calls the doctor of the image verifier on the node in dir.
func Diagnose(ctx context.Context, dir string) (Diagnosis, error) {
	got, err := ask(ctx, dir, request{Do: diagnose})
	return got.Diagnosis, err
}

// diagnose calls the doctor as an administrator of the node does.
func (s *services) diagnose() (Diagnosis, error) {
	program := filepath.Join(verifiers, filepath.Base(s.Verifier))
	output, err := exec.CommandContext(s.processes.Context(), program, "doctor").Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) && exit.Exited() {
		return Diagnosis{exit.ExitCode(), string(output)}, nil
	}
	if err != nil {
		return Diagnosis{}, fmt.Errorf("running %s doctor: %w", program, err)
	}
	return Diagnosis{0, string(output)}, nil
}
