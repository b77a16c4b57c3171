package fault

import (
	"slices"

	"container-signing/e2e/internal/cluster"
)

// A World is what can fail.
type World struct {
	Place   *Place
	Cluster *cluster.Cluster
	Keeper  *cluster.Keeper
	Front   *Front
	// AsksAboutUpdates says that Kyverno has to find out by itself that an update
	// leaves all images in their places.
	AsksAboutUpdates bool
}

// Faults are all faults, in the order in which they are brought about. Of a
// world in which nothing is yet they have their names.
func (w World) Faults() []Fault {
	return slices.Concat(w.ofKyverno(), w.ofRegistry(), w.ofTrust(), w.ofCertificate(), w.ofKubernetes())
}
