package workload

import (
	"fmt"

	"container-signing/e2e/internal/report"
	"container-signing/internal/hint"
)

// The annotations that tell what an attacker tries.
const (
	Attack     = AnnotationPrefix + "attack"
	Why        = AnnotationPrefix + "why"
	KnownFrom  = AnnotationPrefix + "known-from"
	KnownFault = AnnotationPrefix + "known-fault"
)

// attack reads what a document tries; nil if it doesn't say.
func (d Document) attack() (*report.Attack, error) {
	annotations := d.Object.GetAnnotations()
	tried := &report.Attack{Does: annotations[Attack], Why: annotations[Why], KnownFrom: annotations[KnownFrom]}
	switch {
	case *tried == report.Attack{}:
		return nil, nil
	case tried.Does == "" || tried.Why == "" || tried.KnownFrom == "":
		err := fmt.Errorf("%s has only some of the annotations %s, %s and %s", d.describe(), Attack, Why, KnownFrom)
		return nil, hint.Add(err, "say what the attacker does, why it must be stopped, and where it is known from")
	}
	return tried, nil
}
