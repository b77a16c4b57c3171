// Package hint gives an error its advice, on a line of its own. An error leaves
// the module as a string, so the advice is part of that.
package hint

import "fmt"

// Add returns an error that says what to do about err, on a line after it. It
// returns nil if err is nil.
func Add(err error, advice string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w\nhint: %s", err, advice)
}
