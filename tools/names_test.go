package tools

import (
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"
)

// folders lists the folders below tools/ that are Go modules and match a
// pattern.
func folders(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(pattern, "go.mod"))
	if err != nil || len(found) == 0 {
		t.Fatalf("there are no modules in %s: %v", pattern, err)
	}
	for i, path := range found {
		found[i] = filepath.Dir(path)
	}
	return found
}

// TestEachFolderIsInTheCatalog keeps folders from being forgotten: whoever
// wants to know what belongs to the chain may list tools/*/go.mod.
func TestEachFolderIsInTheCatalog(t *testing.T) {
	for _, folder := range folders(t, "*") {
		if len(InFolder(folder)) == 0 {
			t.Errorf("tools/%s is a module, but nothing in it can be asked for", folder)
		}
	}
	for _, folder := range folders(t, "check/*") {
		if names := InFolder(filepath.Base(folder)); len(names) > 0 {
			t.Errorf("tools/%s is for the checks, but %v can be asked for", folder, names)
		}
	}
}

// TestCatalogIsWhatIsPinned compares the catalog with the go.mod files: each
// tool there is built, from the module that the catalog says.
func TestCatalogIsWhatIsPinned(t *testing.T) {
	built := map[string][]string{} // packages by folder
	for _, m := range modules {
		folder := m.source("")
		built[folder] = append(built[folder], slices.Collect(maps.Values(m.programs))...)
		for _, pkg := range m.programs {
			if m.upstream != "" && pkg != m.upstream && !strings.HasPrefix(pkg, m.upstream+"/") {
				t.Errorf("%s is built from %s, which isn't in %s", m.name, pkg, m.upstream)
			}
		}
	}
	for _, folder := range folders(t, "*") {
		path := filepath.Join(folder, "go.mod")
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := modfile.Parse(path, content, nil)
		if err != nil {
			t.Fatal(err)
		}
		if want := "container-signing/tools/" + folder; parsed.Module.Mod.Path != want {
			t.Errorf("%s calls itself %s, not %s", path, parsed.Module.Mod.Path, want)
		}
		var pinned []string
		for _, tool := range parsed.Tool {
			pinned = append(pinned, tool.Path)
		}
		slices.Sort(pinned)
		slices.Sort(built[folder])
		// Where the catalog names no packages all tools are built.
		if len(built[folder]) > 0 && len(pinned) > 0 && !slices.Equal(built[folder], pinned) {
			t.Errorf("%s pins %v, and %v are built", path, pinned, built[folder])
		}
	}
}

func TestNamesAreUnique(t *testing.T) {
	names := append(Chain(), Node()...)
	slices.Sort(names)
	if unique := slices.Compact(slices.Clone(names)); len(unique) != len(names) {
		t.Errorf("one of these is provided twice: %v", names)
	}
}

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

func TestModulesAreInTheOrderOfTheCatalog(t *testing.T) {
	wanted, err := modulesFor([]string{"ctr", "kubectl", "notation", "kube-scheduler", "containerd"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range wanted {
		names = append(names, m.name)
	}
	if want := []string{"notation", "kubernetes", "containerd"}; !slices.Equal(names, want) {
		t.Errorf("five programs are built from %v, not %v", names, want)
	}
}

func TestUnknownTool(t *testing.T) {
	_, err := Build(t.Context(), io.Discard, "oras", "orsa")
	checkError(t, err, "unknown tool orsa", "kube-apiserver")
}

func TestInFolder(t *testing.T) {
	got := InFolder("kubernetes")
	if !slices.Contains(got, "kube-apiserver") || !slices.Contains(got, "kubelet") {
		t.Errorf("kubernetes holds %q", got)
	}
	if got := InFolder("cobol"); got != nil {
		t.Errorf("a folder that isn't there holds %q", got)
	}
}
