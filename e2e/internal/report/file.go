package report

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"container-signing/internal/hint"
)

// Write writes the report into dir, which it makes if it is missing, as
// report.json, junit.xml and table.txt. Each file appears under its name only
// when it is whole.
func (r Report) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return unwritable(fmt.Errorf("making the folder %q of the report: %w", dir, err))
	}
	for _, file := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"report.json", r.WriteJSON},
		{"junit.xml", r.WriteJUnit},
		{"table.txt", r.WriteTable},
	} {
		if err := writeWhole(filepath.Join(dir, file.name), file.write); err != nil {
			return unwritable(fmt.Errorf("writing the report %q: %w", filepath.Join(dir, file.name), err))
		}
	}
	return nil
}

func unwritable(err error) error {
	return hint.Add(err, "give a folder that can be written to")
}

// writeWhole writes a file beside its place and then puts it there.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			// The first error is the one to tell.
			_ = os.Remove(file.Name())
		}
	}()
	if err := write(file); err != nil {
		return closing(file, err)
	}
	if err := file.Chmod(0o644); err != nil {
		return closing(file, err)
	}
	if err := file.Close(); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}

func closing(file *os.File, err error) error {
	// The error that made us give up is the one to tell.
	_ = file.Close()
	return err
}

// WriteJSON writes the report as one JSON object. Its fields are those of
// [Report], and "passed".
func (r Report) WriteJSON(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(r)
}

// MarshalJSON adds "passed", and writes lists without entries as [].
func (r Report) MarshalJSON() ([]byte, error) {
	type fields Report
	r.Images, r.Steps, r.Verdicts = atLeastEmpty(r.Images), atLeastEmpty(r.Steps), atLeastEmpty(r.Verdicts)
	return json.Marshal(struct {
		Passed bool `json:"passed"`
		fields
	}{r.Passed(), fields(r)})
}

func atLeastEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
