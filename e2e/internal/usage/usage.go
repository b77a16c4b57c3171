// Package usage marks errors as faults in what was asked for, to be found before
// anything is started. The program's exit status tells them apart.
package usage

import "fmt"

// An Error is a fault in what was asked for.
type Error struct{ err error }

func (e Error) Error() string { return e.err.Error() }
func (e Error) Unwrap() error { return e.err }

// Errorf makes an Error as [fmt.Errorf] makes an error.
func Errorf(format string, args ...any) error { return Error{fmt.Errorf(format, args...)} }

// Fault makes an Error of err. nil stays nil.
func Fault(err error) error {
	if err == nil {
		return nil
	}
	return Error{err}
}
