package tools

import (
	"os"
	"testing"
)

// TestMain lets the tests of this package build, even where others are to take
// what is built already.
func TestMain(m *testing.M) {
	if err := os.Unsetenv(FolderVariable); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// needTools skips a test under -short that builds tools of others.
func needTools(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("this builds tools")
	}
}
