package tools

import (
	"archive/tar"
	"cmp"
	"debug/elf"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// TestNodeWithoutCompiler asks for what runc is built with where it isn't.
func TestNodeWithoutCompiler(t *testing.T) {
	emptyCache(t)
	// A compiler that has no static C library to link with.
	dynamic := filepath.Join(t.TempDir(), "cc")
	script := `#!/bin/sh
for argument; do [ "$argument" != -static ] || { echo ld: cannot find -lc >&2; exit 1; }; done
`
	if err := os.WriteFile(dynamic, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	for compiler, wanted := range map[string]string{
		"no-such-compiler --with=arguments": "no-such-compiler",
		dynamic:                             "cannot find -lc",
	} {
		t.Setenv("CC", compiler)
		checkError(t, CheckNode(t.Context()), wanted, "\nhint: install them")
	}
}

// TestNodeWithoutPrebuiltTools is told what is missing, not to install a
// compiler that wouldn't be used.
func TestNodeWithoutPrebuiltTools(t *testing.T) {
	t.Setenv(FolderVariable, t.TempDir())
	t.Setenv("CC", "no-such-compiler")
	err := CheckNode(t.Context())
	if err == nil || !strings.Contains(err.Error(), "runc") || strings.Contains(err.Error(), "compiler") {
		t.Errorf("got %v", err)
	}
}

// buildNode builds what a node needs, if this machine can.
func buildNode(t *testing.T) Programs {
	t.Helper()
	needTools(t)
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

// readPause reads the image of a pod's sandbox from its archive.
func readPause(t *testing.T, path string) v1.Image {
	t.Helper()
	tag, err := name.NewTag(PauseImage)
	if err != nil {
		t.Fatal(err)
	}
	image, err := tarball.ImageFromPath(path, &tag)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func TestPauseImageHoldsOneProgram(t *testing.T) {
	programs, err := Build(t.Context(), os.Stderr, "pause-image")
	if err != nil {
		t.Fatal(err)
	}
	image := readPause(t, programs["pause-image"])
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

// TestRuncUnfiltered runs it with a runc that shows how it was called.
func TestRuncUnfiltered(t *testing.T) {
	programs, err := Build(t.Context(), os.Stderr, "runc-unfiltered")
	if err != nil {
		t.Fatal(err)
	}
	path, bundle := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(path, "runc"), []byte("#!/bin/sh\necho \"$@\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	const (
		given = `{"ociVersion":"1.2.0","linux":{"seccomp":{"defaultAction":"SCMP_ACT_ERRNO"},` +
			`"resources":{"memory":{"limit":9007199254740993}}}}`
		// Whoever reads a number that is larger than a float holds may lose it.
		unfiltered = `{"linux":{"resources":{"memory":{"limit":9007199254740993}}},"ociVersion":"1.2.0"}`
	)
	create := "--root /r create --bundle " + bundle + " id"
	for name, test := range map[string]struct {
		args, config, path string
		want, says         string // the configuration, and a part of the output
		fails              bool
	}{
		"create":          {args: create, config: given, want: unfiltered, says: create},
		"create here":     {args: "create id", config: given, want: unfiltered, says: "create id"},
		"no filter":       {args: "create id", config: unfiltered, want: unfiltered, says: "create id"},
		"another command": {args: "start id", config: given, want: given, says: "start id"},
		"no JSON":         {args: "create id", config: "{", want: "{", says: "reading a container's", fails: true},
		"no runc":         {args: "start id", config: given, path: t.TempDir(), want: given, says: "runc", fails: true},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(bundle, "config.json")
			if err := os.WriteFile(file, []byte(test.config), 0o600); err != nil {
				t.Fatal(err)
			}
			command := exec.Command(programs["runc-unfiltered"], strings.Fields(test.args)...)
			command.Dir, command.Env = bundle, []string{"PATH=" + cmp.Or(test.path, path)}
			output, err := command.CombinedOutput()
			if (err != nil) != test.fails || !strings.Contains(string(output), test.says) {
				t.Errorf("it says %q (%v)", output, err)
			}
			if content, err := os.ReadFile(file); err != nil || string(content) != test.want {
				t.Errorf("the configuration is %s (%v), not %s", content, err, test.want)
			}
		})
	}
}
