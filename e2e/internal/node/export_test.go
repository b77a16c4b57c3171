package node

// What tests that need a node use of the inside of this package: they can't be
// in it, as what tells them whether there can be one depends on it.
var (
	LeadNames   = leadNames
	MakeMounts  = makeMounts
	MakeNetwork = makeNetwork
)
