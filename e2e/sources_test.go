package main_test

import (
	"testing"

	"container-signing/tools"
)

// TestDependsOnSources keeps the go command from taking an old result for that
// of the programs that these tests build.
func TestDependsOnSources(t *testing.T) {
	if err := tools.ReadBySubprocess("e2e", "internal", "plugin", "policies", "scripts", "tools"); err != nil {
		t.Fatal(err)
	}
}
