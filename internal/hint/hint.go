// Package hint keeps what a person can do about an error apart from what went
// wrong, so that the advice ends up on a line of its own, however often the
// error is wrapped on its way up:
//
//	e2e: reading --ca "ca.crt": no certificates in it
//	hint: give it in PEM or DER
package hint

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// hinted is an error with advice. Its own text is the error's alone.
type hinted struct {
	error
	advice string
}

func (h hinted) Unwrap() error { return h.error }

// Add returns err with advice, which begins in lower case and has no full
// stop. Without an error there is nothing to advise.
func Add(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return hinted{err, fmt.Sprintf(format, args...)}
}

// Text returns the error as a person reads it: what went wrong, then the
// advice of all that it wraps, a line each.
func Text(err error) string {
	var text strings.Builder
	text.WriteString(err.Error())
	for _, advice := range Of(err) {
		text.WriteString("\nhint: " + advice)
	}
	return text.String()
}

// Of returns the advice of an error and of all that it wraps, once each, and
// the outermost first.
func Of(err error) []string {
	var all []string
	for err != nil {
		if h, ok := err.(hinted); ok && !slices.Contains(all, h.advice) {
			all = append(all, h.advice)
		}
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			known := func(advice string) bool { return slices.Contains(all, advice) }
			for _, part := range joined.Unwrap() {
				all = append(all, slices.DeleteFunc(Of(part), known)...)
			}
			return all
		}
		err = errors.Unwrap(err)
	}
	return all
}
