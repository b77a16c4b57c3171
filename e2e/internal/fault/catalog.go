package fault

import "slices"

// Faults are all faults, in the order in which they are brought about. Of a
// world in which nothing is yet they have their names.
func (w World) Faults() []Fault {
	return slices.Concat(w.ofKyverno(), w.ofRegistry(), w.ofTrust(), w.ofCertificate(), w.ofKubernetes())
}
