package scripts_test

import (
	"testing"

	"container-signing/tools"
)

// TestDependsOnSources keeps the go command from taking an old result for that
// of the programs that these tests build.
func TestDependsOnSources(t *testing.T) {
	if err := tools.ReadBySubprocess("scripts", "plugin", "internal"); err != nil {
		t.Fatal(err)
	}
}
