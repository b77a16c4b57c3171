// Package inputs tells which part of the source each program of this project is
// made of: a step of the module is run anew only if that changes.
package inputs

// A Program is one of this project's programs.
type Program struct {
	// Package is its package, as the go command takes it.
	Package string
	// Files are patterns of what it is made of, besides go.mod and go.sum.
	Files []string
}

// The programs that the module builds.
var (
	E2E           = Program{"./e2e", []string{"e2e", "internal", "tools/*.go"}}
	ToolBuilder   = Program{"./tools/build", []string{"internal", "tools/*.go", "tools/build"}}
	Plugin        = Program{"./plugin", []string{"internal", "plugin"}}
	ImageVerifier = Program{"./plugin/image-verifier", []string{"internal", "plugin"}}
)

// Patterns are those of all that the program is built from.
func (p Program) Patterns() []string { return append([]string{"go.mod", "go.sum"}, p.Files...) }
