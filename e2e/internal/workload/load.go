package workload

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"container-signing/e2e/internal/manifest"
	"container-signing/internal/hint"
)

const (
	admit = "admit"
	deny  = "deny"
)

// Load reads all workloads below folder, sorted by name. It checks all that
// can be known without a cluster: an error names the file and the document,
// and says what to change. All faults of all files are reported together.
func Load(folder string) ([]Workload, error) {
	if info, err := os.Stat(folder); err != nil {
		err = fmt.Errorf("reading workloads: %w", err)
		return nil, hint.Add(err, "name a folder that holds %s/ and %s/", admit, deny)
	} else if !info.IsDir() {
		err := fmt.Errorf("reading workloads from %q: it is a file", folder)
		return nil, hint.Add(err, "name the folder that holds %s/ and %s/", admit, deny)
	}
	files, err := manifests(folder)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, hint.Add(fmt.Errorf("reading workloads from %q: it has no manifests", folder),
			"put what must be admitted into %s/*.yaml and what must be refused into %s/*.yaml", admit, deny)
	}
	var workloads []Workload
	var faults []error
	for _, file := range files {
		w, err := read(folder, file)
		faults = append(faults, err)
		workloads = append(workloads, w)
	}
	slices.SortFunc(workloads, func(a, b Workload) int { return strings.Compare(a.Name, b.Name) })
	faults = append(faults, collisions(workloads))
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return workloads, nil
}

// manifests lists the manifests below folder by their paths inside it.
// A file that would be left unread by mistake is an error.
func manifests(folder string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("reading workloads: %w", err)
		}
		hidden := strings.HasPrefix(entry.Name(), ".") && path != folder
		if entry.IsDir() {
			if hidden {
				return fs.SkipDir
			}
			return nil
		}
		if hidden || filepath.Ext(path) == ".md" {
			return nil
		}
		file, err := filepath.Rel(folder, path)
		if err != nil {
			return fmt.Errorf("reading workloads: %w", err)
		}
		files = append(files, file)
		return checkPlace(path, file)
	})
	slices.Sort(files)
	return files, err
}

func checkPlace(path, file string) error {
	if !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(file)) {
		err := fmt.Errorf("reading workload %q: it isn't a manifest by its name", path)
		return hint.Add(err, "manifests end in .yaml, .yml or .json")
	}
	top, _, below := strings.Cut(filepath.ToSlash(file), "/")
	if !below || top != admit && top != deny {
		err := fmt.Errorf("reading workload %q: what must happen to it is unknown", path)
		return hint.Add(err, "move it to %s/ or %s/", admit, deny)
	}
	return nil
}

// read reads one file.
func read(folder, file string) (Workload, error) {
	path := filepath.Join(folder, file)
	w := Workload{Name: filepath.ToSlash(strings.TrimSuffix(file, filepath.Ext(file))), File: path}
	content, err := manifest.Read(path)
	if err != nil {
		return w, fmt.Errorf("reading workload %q: %w", path, err)
	}
	if w.Documents, err = parse(content); err != nil {
		return w, fmt.Errorf("reading workload %q: %w", path, err)
	}
	mustBeRefused := strings.HasPrefix(w.Name, deny+"/")
	if w.Refusal, err = expectation(w.Documents, mustBeRefused); err != nil {
		return w, fmt.Errorf("reading workload %q: %w", path, err)
	}
	if w.Attack, err = w.Last().attack(); err != nil {
		return w, fmt.Errorf("reading workload %q: %w", path, err)
	}
	w.KnownFault = w.Last().Object.GetAnnotations()[KnownFault]
	return w, nil
}

// collisions finds objects that two files describe: they are applied at the
// same time, and one would update what the other made.
func collisions(workloads []Workload) error {
	var faults []error
	owner, named := map[string]string{}, map[string]string{}
	for _, w := range workloads {
		if first, taken := named[w.Name]; taken {
			faults = append(faults, fmt.Errorf("reading workload %q: %q has the same name", w.File, first))
		}
		named[w.Name] = w.File
		for _, document := range w.Documents {
			id := document.id()
			if first, taken := owner[id]; taken && first != w.File {
				faults = append(faults, fmt.Errorf("reading workload %q: document %d: %s is in %q too",
					w.File, document.Number, document.describe(), first))
			}
			owner[id] = w.File
		}
	}
	return hint.Add(errors.Join(faults...), "name them differently")
}
