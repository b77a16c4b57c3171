package containerd

import (
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// A file is one of those that containerd merges.
type file struct {
	name  string
	table map[string]any
}

// mergedFiles returns the main file and those that are imported, each once, in
// the order in which containerd merges them: a later one wins
// (cmd/containerd/server/config/config.go of containerd, LoadConfigWithPlugins).
func mergedFiles(main string) (files []file, err error) {
	for pending := []string{main}; len(pending) > 0; pending = pending[1:] {
		name := pending[0]
		if slices.ContainsFunc(files, func(f file) bool { return f.name == name }) {
			continue
		}
		table, err := readTable(name)
		if err != nil {
			return nil, err
		}
		if table == nil {
			continue
		}
		files = append(files, file{name, table})
		imports, _ := table["imports"].([]any)
		for _, one := range imports {
			imported, err := resolve(name, fmt.Sprint(one))
			if err != nil {
				return nil, fmt.Errorf("reading the imports of %q: %w", name, err)
			}
			pending = append(pending, imported...)
		}
	}
	return files, nil
}

// resolve returns the files that an import in another one names.
func resolve(parent, imported string) ([]string, error) {
	if !filepath.IsAbs(imported) {
		imported = filepath.Join(filepath.Dir(parent), imported)
	}
	imported = filepath.Clean(imported)
	if !strings.Contains(imported, "*") {
		return []string{imported}, nil
	}
	return filepath.Glob(imported)
}

// criPlugins are the names that CRI's settings for images had in versions 1 and
// 2, and where some of them were (plugins/cri/images/plugin.go, migrateConfig).
var criPlugins = []string{"io.containerd.grpc.v1.cri", "cri"}

// places are those of a setting for images in all versions of a configuration.
func places(path []string) (all [][]string) {
	all = [][]string{append([]string{"plugins", imagesPlugin}, path...)}
	for _, plugin := range criPlugins {
		all = append(all,
			append([]string{"plugins", plugin}, path...), append([]string{"plugins", plugin, "containerd"}, path...))
	}
	return all
}

// origin returns the last file that gives a setting its effective value; "" if
// none does, which makes it a default of containerd's.
func (c Configuration) origin(effective any, places ...[]string) string {
	for _, file := range slices.Backward(c.files) {
		for _, place := range places {
			if set := value(file.table, place...); set != nil && covers(effective, set) {
				return file.name
			}
		}
	}
	return ""
}

// covers tells whether a value comes from a file: it is equal, or a table or a
// list that several files have a part in.
func covers(effective, set any) bool {
	kind := reflect.TypeOf(effective).Kind()
	return kind == reflect.Map || kind == reflect.Slice || reflect.DeepEqual(effective, set)
}
