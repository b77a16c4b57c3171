package hint

import (
	"errors"
	"testing"
)

func TestAdd(t *testing.T) {
	cause := errors.New("reading \"x\": it is empty")
	advised := Add(Add(cause, "fill it"), "or leave it out")
	if want := "reading \"x\": it is empty\nhint: fill it\nhint: or leave it out"; advised.Error() != want {
		t.Errorf("got %q", advised)
	}
	if !errors.Is(advised, cause) {
		t.Error("the cause can't be found any more")
	}
	if err := Add(nil, "nothing"); err != nil {
		t.Errorf("no error has become %v", err)
	}
}
