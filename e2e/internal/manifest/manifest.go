// Package manifest reads the documents of YAML and JSON files, and is strict:
// what is dropped without a word is a policy that isn't applied, or a workload
// that isn't judged.
package manifest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"

	yamlparser "go.yaml.in/yaml/v2"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"container-signing/internal/hint"
)

// SizeLimit bounds a file, in bytes. The API server takes no larger request.
const SizeLimit = 3 << 20

// Read reads a regular file. Its errors don't name it: that is for those who
// know what it is for.
func Read(path string) ([]byte, error) {
	content, err := read(path)
	if fault := (*fs.PathError)(nil); errors.As(err, &fault) {
		return nil, fault.Err
	}
	return content, err
}

func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	if info.Size() > SizeLimit {
		return nil, fmt.Errorf("it has %d bytes, and a manifest may have %d", info.Size(), SizeLimit)
	}
	return os.ReadFile(path)
}

// A Document is one of a file.
type Document struct {
	// Number is its place among those that aren't empty, from 1.
	Number int
	JSON   []byte
}

// Documents returns the documents of a file's content. The first error ends
// it, and comes with the number of the document that it is about.
func Documents(content []byte) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
		for number := 1; ; {
			text, err := reader.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			var encoded []byte
			if err == nil {
				encoded, err = convert(text)
			}
			if err != nil {
				yield(Document{Number: number}, err)
				return
			}
			if string(encoded) == "null" { // nothing but comments
				continue
			}
			if !yield(Document{number, encoded}, nil) {
				return
			}
			number++
		}
	}
}

// convert makes JSON of a document in YAML.
func convert(text []byte) ([]byte, error) {
	encoded, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, fmt.Errorf("it isn't YAML: %w", err)
	}
	// The conversion reads no further than the first document, and YAML can
	// separate documents in ways that the reader of lines doesn't know.
	decoder := yamlparser.NewDecoder(bytes.NewReader(text))
	var document any
	if err := decoder.Decode(&document); err == nil && !errors.Is(decoder.Decode(&document), io.EOF) {
		return nil, hint.Add(errors.New("something follows its end"), "separate documents by a line of three dashes")
	}
	return encoded, nil
}
