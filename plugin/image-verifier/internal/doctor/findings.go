package doctor

import (
	"errors"
	"fmt"
	"io"

	"container-signing/internal/hint"
	"container-signing/plugin/image-verifier/internal/oneline"
)

// Exit statuses.
const (
	exitOn      = 0
	exitOff     = 1
	exitUnknown = 2
)

// findings are what the doctor has looked at, as it is shown.
type findings struct {
	out    io.Writer
	faults int
	// own is the name by which containerd runs this program.
	own string
	// refused says that containerd has refused the canary because of the verifier;
	// pulled, that it has pulled it.
	refused, pulled bool
}

// well shows what is as it must be.
func (f *findings) well(format string, args ...any) { f.show("✓", fmt.Errorf(format, args...)) }

// fault shows what isn't.
func (f *findings) fault(err error) {
	f.faults++
	f.show("✗", err)
}

// unknown shows what can't be told.
func (f *findings) unknown(err error) { f.show("?", err) }

func (f *findings) show(mark string, err error) {
	fmt.Fprintln(f.out, mark, oneline.Of(err.Error()))
	for _, advice := range hint.Of(err) {
		fmt.Fprintln(f.out, "  hint:", oneline.Of(advice))
	}
}

// conclude says what all of it comes to, and returns the exit status.
func (f *findings) conclude() int {
	switch {
	case f.pulled:
		fmt.Fprintln(f.out, "The second lock is off: containerd pulled what it must refuse.")
	case f.faults > 0 && f.refused:
		fmt.Fprintln(f.out, "The second lock refused the canary, but isn't in order: see each ✗.")
	case f.faults > 0:
		fmt.Fprintln(f.out, "The second lock is off, or isn't in order: see each ✗.")
	case f.refused:
		fmt.Fprintln(f.out, "The second lock is on.")
		return exitOn
	default:
		fmt.Fprintln(f.out, "Nobody can tell whether the second lock is on: see each ?.")
		return exitUnknown
	}
	return exitOff
}

// fail shows why the doctor can't do its work.
func fail(out io.Writer, err error) int {
	f := findings{out: out}
	f.unknown(err)
	return f.conclude()
}

// advise adds advice to a text that is an error by then.
func advise(text, format string, args ...any) error {
	return hint.Add(errors.New(text), format, args...)
}
