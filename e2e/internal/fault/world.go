package fault

import "container-signing/e2e/internal/cluster"

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
