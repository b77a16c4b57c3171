// Command house measures the project: how long its files and functions are, how
// much of it is tested, and which files of a package can only be understood all
// at once. It fails where one of the limits in limits.go is exceeded.
//
//	go run ./tools/check/house [FOLDER]
//
// FOLDER is the project's root, or the working directory.
package main

import (
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

func main() { os.Exit(run(os.Stdout, os.Stderr, os.Args[1:])) }

// run prints the numbers of a project and returns the exit status: 1 if it is
// beyond its limits, 2 if it can't be measured.
func run(stdout, stderr io.Writer, args []string) int {
	root := "."
	if len(args) > 0 {
		root = args[0]
	}
	if len(args) > 1 || strings.HasPrefix(root, "-") {
		fmt.Fprintf(stderr, "house: unknown arguments %q\nhint: give the project's root, or nothing\n", args)
		return 2
	}
	measured, err := measure(root)
	if err != nil {
		fmt.Fprintln(stderr, "house:", err)
		return 2
	}
	show(stdout, measured)
	found := faults(measured)
	for _, fault := range found {
		fmt.Fprintln(stderr, "house:", fault)
	}
	if len(found) > 0 {
		return 1
	}
	return 0
}

func show(out io.Writer, measured house) {
	fmt.Fprintf(out, "%-10s %6s %14s %18s %14s %9s\n", "", "lines", "files", "functions", "tests", "wide")
	fmt.Fprintf(out, "%-10s %6s %14s %18s %14s %9s\n",
		"", "", "median/longest", "median/90%/longest", "a line of code", "lines")
	for _, name := range slices.SortedFunc(maps.Keys(measured.folders), wholeLast) {
		f, share := measured.folders[name], "only tests"
		if f.code > 0 {
			share = fmt.Sprintf("%.2f", f.testShare())
		}
		fmt.Fprintf(out, "%-10s %6d %10d/%3d %10d/%3d/%3d %14s %7.1f %%\n", name, f.code,
			at(f.files, 0.5), at(f.files, 1), at(f.functions, 0.5), at(f.functions, 0.9), at(f.functions, 1),
			share, 100*f.wideShare())
	}
	for _, c := range measured.folders[whole].circles {
		fmt.Fprintln(out, c)
	}
	fmt.Fprintf(out, "README.md: %d bytes\n", measured.readme)
}

func wholeLast(a, b string) int {
	if (a == whole) != (b == whole) {
		if a == whole {
			return 1
		}
		return -1
	}
	return strings.Compare(a, b)
}

// at returns the value that a share of values doesn't exceed; 0 of none.
func at(values []int, share float64) int {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(share*float64(len(sorted)-1))]
}
