package main

import (
	"fmt"
	"maps"
	"slices"
)

// What the house is held to. The width of lines is golangci-lint's.
const (
	// maxCircle is how many files of a package may depend on one another in a
	// circle: more of them can only be understood all at once.
	maxCircle = 3
	// maxReadme is the size of README.md in bytes: a page or two.
	maxReadme = 8 << 10
)

// minTests are the lines of tests for each line of code, by folder.
var minTests = map[string]float64{whole: 0.8, "e2e": 0.5, "tools": 0.5}

// faults tells where a house is beyond its limits.
func faults(measured house) []string {
	var found []string
	for _, c := range measured.folders[whole].circles {
		if len(c.files) > maxCircle {
			found = append(found, fmt.Sprintf("%s, and %d are allowed", c, maxCircle))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(minTests)) {
		if share := measured.folders[name].testShare(); share < minTests[name] {
			found = append(found, fmt.Sprintf("%s: %.2f lines of tests for each of code, and %.2f are wanted",
				name, share, minTests[name]))
		}
	}
	if measured.readme > maxReadme {
		found = append(found, fmt.Sprintf("README.md: %d bytes, and %d are allowed", measured.readme, maxReadme))
	}
	return found
}
