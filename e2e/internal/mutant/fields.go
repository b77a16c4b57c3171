package mutant

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime"
)

// Fields returns copies of a value with one change each, by what was done: each
// field is changed, taken away, and gets another one beside it. They are more
// than could be tried by requests, and many of them no cluster would take:
// reading has to notice them.
func Fields(value map[string]any) map[string]map[string]any {
	mutants := map[string]map[string]any{}
	for path, one := range fieldsOf("", value) {
		note := func(what string, change dig) {
			copied := runtime.DeepCopyJSON(value)
			if err := change(copied); err != nil {
				panic(fmt.Sprintf("%s %s: %v", what, path, err)) // the path is from the value itself
			}
			mutants[what+" "+path] = copied
		}
		if _, inList := one.in.([]any); !inList && path != "" {
			note("without", drop(path))
		}
		switch inside := one.value.(type) {
		case map[string]any:
			note("with more in", put(strings.TrimPrefix(path+".excuse", "."), "anybody"))
		case []any:
			note("with nothing in", put(path, []any{}))
		default:
			note("another", put(path, other(inside)))
		}
	}
	return mutants
}

// A field is a value, and what it is in.
type field struct{ value, in any }

// fieldsOf returns a value and all that is in it, by their paths.
func fieldsOf(path string, value any) map[string]field {
	all := map[string]field{path: {value: value}}
	enter := func(key string, inside any) {
		for deeper, one := range fieldsOf(strings.TrimPrefix(path+"."+key, "."), inside) {
			if one.in == nil {
				one.in = value
			}
			all[deeper] = one
		}
	}
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			enter(key, value[key])
		}
	case []any:
		for i, one := range value {
			enter(fmt.Sprint(i), one)
		}
	}
	return all
}

// other is another value of the same type.
func other(value any) any {
	switch value := value.(type) {
	case bool:
		return !value
	case int64:
		return value - 1
	}
	return fmt.Sprint(value, "x")
}
