package fault

import "time"

// A class is what a try may become of.
type class string

const (
	// unsigned must never be admitted.
	unsigned class = "unsigned"
	// signed must be admitted while nothing has failed.
	signed class = "signed"
	// update leaves all images of an object in their places.
	update class = "update"
)

// An outcome is what became of one try to write an object.
type outcome struct {
	actor    string // whose try it was
	class    class
	object   string // its kind and name
	began    time.Time
	ended    time.Time
	admitted bool
	reason   string // why it wasn't, in the words of the API server or the client
}

// within tells whether the try began and ended between two moments.
func (o outcome) within(from, to time.Time) bool {
	return !o.began.Before(from) && !o.ended.After(to)
}

func wronglyAdmitted(o outcome) bool { return o.class == unsigned && o.admitted }
