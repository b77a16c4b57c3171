package docs_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestFaults makes sure that the page of faults has each fault that e2e brings
// about, and no other.
func TestFaults(t *testing.T) {
	output, err := exec.Command(program, "faults", "--only", "none of them").CombinedOutput()
	if err == nil {
		t.Fatal("e2e knows a fault that it can't know")
	}
	_, list, found := strings.Cut(string(output), "known are ")
	if !found {
		t.Fatalf("e2e doesn't list its faults: %s", output)
	}
	known := strings.Split(strings.TrimSpace(list), ", ")
	var named []string
	for _, table := range pages(t)["docs/faults.md"].Tables {
		if table.Section != "Faults" {
			continue
		}
		for _, row := range table.Rows[1:] {
			named = append(named, strings.Split(row[0], ", ")...)
		}
	}
	slices.Sort(known)
	slices.Sort(named)
	if !slices.Equal(known, named) {
		t.Errorf("e2e has the faults\n%q, and docs/faults.md\n%q", known, named)
	}
}
