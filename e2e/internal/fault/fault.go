// Package fault lets a cluster's parts fail, one after the other, while somebody
// applies signed and unsigned workloads all the time. No unsigned one may ever be
// admitted; what was there has to go on; and signed ones have to be admitted again
// once all is well.
package fault

import (
	"context"
	"regexp"
)

// A Fate is what becomes of requests while a fault lasts.
type Fate int

const (
	// Varies may be anything.
	Varies Fate = iota
	// Waits is that none is admitted.
	Waits
	// Goes is that all are admitted.
	Goes
)

// A Fault is something that fails.
type Fault struct {
	// Name is what it is called in the report.
	Name string
	// Does is what happens, in a sentence; Why says why nothing may be admitted
	// for it, and KnownFrom where that is known from.
	Does, Why, KnownFrom string
	// Begin brings it about, and End ends it.
	Begin, End func(context.Context) error
	// Seen returns an error unless the fault was met; nil if Words tell enough.
	Seen func(context.Context) error
	// Words must be among what those are told who apply signed workloads
	// meanwhile; nil if they may notice nothing.
	Words *regexp.Regexp
	// Signed and Updates are the fates of new signed workloads, and of updates
	// that leave all images in their places.
	Signed, Updates Fate
	// Patient says that the fault goes on for as long as a webhook may take, so
	// that what the API server makes of that is seen.
	Patient bool
}
