package hint_test

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"container-signing/internal/hint"
)

func TestText(t *testing.T) {
	t.Parallel()
	plain := errors.New("no such registry")
	advised := hint.Add(plain, "start %s first", "it")
	copying := fmt.Errorf("copying: %w", advised)
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"no advice": {plain, "no such registry"},
		"advice":    {advised, "no such registry\nhint: start it first"},
		"wrapped":   {copying, "copying: no such registry\nhint: start it first"},
		"advice upon advice": {hint.Add(copying, "try again"),
			"copying: no such registry\nhint: try again\nhint: start it first"},
		"the same advice": {hint.Add(advised, "start it first"), "no such registry\nhint: start it first"},
		"two errors at once": {errors.Join(advised, hint.Add(errors.New("no room"), "delete something")),
			"no such registry\nno room\nhint: start it first\nhint: delete something"},
		"the same advice, of two": {errors.Join(advised, advised),
			"no such registry\nno such registry\nhint: start it first"},
		"two, wrapped": {fmt.Errorf("%w, so %w", advised, plain),
			"no such registry, so no such registry\nhint: start it first"},
	} {
		if got := hint.Text(c.err); got != c.want {
			t.Errorf("%s:\n%s\nnot\n%s", name, got, c.want)
		}
	}
}

// TestAdd keeps the error what it was for those who ask.
func TestAdd(t *testing.T) {
	t.Parallel()
	if err := hint.Add(nil, "nothing to do"); err != nil {
		t.Errorf("advice makes an error of none: %v", err)
	}
	err := hint.Add(&fs.PathError{Op: "open", Path: "x", Err: fs.ErrNotExist}, "make it")
	if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, new(*fs.PathError)) {
		t.Errorf("advice hides the error: %#v", err)
	}
}
