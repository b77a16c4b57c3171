package tools

import (
	"archive/tar"
	"debug/elf"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

func TestChainNeedsNothingOfTheNode(t *testing.T) {
	for _, node := range Node() {
		if slices.Contains(Chain(), node) {
			t.Errorf("a machine that can't run a node builds %s", node)
		}
	}
	wanted, err := modulesFor(Chain())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range wanted {
		if m.static {
			t.Errorf("the chain needs a C compiler, for %s", m.name)
		}
	}
}

func TestNodeWithoutCompiler(t *testing.T) {
	emptyCache(t)
	t.Setenv("CC", "no-such-compiler --with=arguments")
	if err := CheckNode(t.Context()); err == nil || !strings.Contains(err.Error(), "no-such-compiler") || !strings.Contains(err.Error(), "install gcc") {
		t.Errorf("a machine without a C compiler is told %v", err)
	}
}

// buildNode builds what a node needs, if this machine can.
func buildNode(t *testing.T) Programs {
	t.Helper()
	if err := CheckNode(t.Context()); err != nil {
		t.Skip(err)
	}
	programs, err := Build(t.Context(), os.Stderr, Node()...)
	if err != nil {
		t.Fatal(err)
	}
	return programs
}

// They run in a mount namespace, and in containers, that have no libraries.
func TestNodeProgramsAreStatic(t *testing.T) {
	for program, path := range buildNode(t) {
		if program == "pause-image" {
			continue
		}
		file, err := elf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if libraries, err := file.ImportedLibraries(); err != nil || len(libraries) > 0 {
			t.Errorf("%s needs the libraries %v (%v)", program, libraries, err)
		}
		for _, header := range file.Progs {
			if header.Type == elf.PT_INTERP {
				t.Errorf("%s needs a dynamic linker", program)
			}
		}
	}
}

func TestPauseImageHoldsOneProgram(t *testing.T) {
	tag, err := name.NewTag(PauseImage)
	if err != nil {
		t.Fatal(err)
	}
	programs, err := Build(t.Context(), os.Stderr, "pause-image")
	if err != nil {
		t.Fatal(err)
	}
	image, err := tarball.ImageFromPath(programs["pause-image"], &tag)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Image(image); err != nil {
		t.Error(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(config.Config.Entrypoint, []string{"/pause"}) || config.Config.User == "" {
		t.Errorf("the image runs %v as %q", config.Config.Entrypoint, config.Config.User)
	}
	layers, err := image.Layers()
	if err != nil || len(layers) != 1 {
		t.Fatalf("the image has the layers %v (%v)", layers, err)
	}
	content, err := layers[0].Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewReader(content)
	header, err := archive.Next()
	if err != nil {
		t.Fatal(err)
	}
	if header.Name != "pause" || header.Mode != 0o755 {
		t.Errorf("the image holds %s with mode %o", header.Name, header.Mode)
	}
	if _, err := archive.Next(); err != io.EOF {
		t.Errorf("the image holds more than one file: %v", err)
	}
}
