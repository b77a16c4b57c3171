package cgroup

// What tests on real cgroups use of the inside of this package: they can't be
// in it, as what tells them whether there can be any depends on it.
var (
	AwaitEmpty = awaitEmpty
	MakeRoom   = makeRoom
	MoveTo     = moveTo
	Read       = read
	ReadWords  = readWords
	RemoveTree = removeTree
)

func (g Group) All() []Hierarchy          { return g.all }
func (g Group) Folder(h Hierarchy) string { return g.folder(h) }
func (h Hierarchy) Controllers() []string { return h.controllers() }
func (h Hierarchy) Current() string       { return h.current }
func (h Hierarchy) Parent() string        { return h.parent() }
func (h Hierarchy) Same(o Hierarchy) bool { return h.same(o) }
func (h Hierarchy) IsVersion2() bool      { return h.version2 }
