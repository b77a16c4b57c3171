// Package verdict reads what `e2e judge` has come to.
package verdict

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// ReportFile and TableFile are in the folder that `e2e judge` writes.
const (
	ReportFile = "report.json"
	TableFile  = "table.txt"
)

// Judged tells of an exit status whether there are verdicts, and whether all
// are as expected. A status above 1 is that of a judge that was asked for the
// impossible, or killed.
func Judged(status int, stderr string) (asExpected bool, err error) {
	if status > 1 || status < 0 {
		return false, broken(status, stderr)
	}
	return status == 0, nil
}

// Check makes sure that a report of verdicts that aren't as expected is whole:
// a judge that fails on its way says so in it. No report is a judge that has
// failed before it could write one.
func Check(report []byte, status int, stderr string) error {
	if len(report) == 0 {
		return broken(status, stderr)
	}
	var ended struct{ Error string }
	if err := json.Unmarshal(report, &ended); err != nil {
		return fmt.Errorf("reading the report: %w", err)
	}
	if ended.Error != "" {
		return errors.New("judging: " + ended.Error)
	}
	return nil
}

func broken(status int, stderr string) error {
	return fmt.Errorf("judging: exit status %d: %s", status, strings.TrimSpace(stderr))
}
