package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkStart measures one start of the plugin beside one of the least plugin
// that the framework allows and that can parse a certificate, in turn in the same
// run, so that a busy machine slows both. Both are built without cgo, which costs
// a dynamic loader's start.
func BenchmarkStart(b *testing.B) {
	folder := b.TempDir()
	starts := map[string]string{"plugin": ".", "baseline": "./testdata/baseline"}
	for name, source := range starts {
		program := filepath.Join(folder, name)
		build := exec.Command("go", "build", "-o", program, source)
		build.Env = append(build.Environ(), "CGO_ENABLED=0")
		if output, err := build.CombinedOutput(); err != nil {
			b.Fatalf("building %s: %v\n%s", source, err, output)
		}
		starts[name] = program
	}
	spent := map[string]float64{}
	for b.Loop() {
		for name, program := range starts {
			before := b.Elapsed()
			cmd := exec.Command(program, "get-plugin-metadata")
			cmd.Stdin = strings.NewReader("{}")
			if output, err := cmd.CombinedOutput(); err != nil {
				b.Fatalf("starting %s: %v\n%s", name, err, output)
			}
			spent[name] += float64((b.Elapsed() - before).Microseconds())
		}
	}
	for name, microseconds := range spent {
		b.ReportMetric(microseconds/float64(b.N), "µs/"+name)
	}
	b.ReportMetric(spent["plugin"]/spent["baseline"], "plugin/baseline")
}
