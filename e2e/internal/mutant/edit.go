package mutant

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A dig changes an object.
type dig = func(object map[string]any) error

// put sets a field of an object, whatever it has been. A path has the names of
// fields and the places in lists, with dots between them.
func put(path string, value any) dig {
	return change(path, func(any) (any, error) { return value, nil })
}

// drop takes a field or an entry of a list away.
func drop(path string) dig {
	return change(path, func(old any) (any, error) {
		if old == nil {
			return nil, errors.New("it isn't there")
		}
		return nil, nil
	})
}

// add puts an entry at the end of a list, which may be missing.
func add(path string, entry any) dig {
	return change(path, func(old any) (any, error) {
		list, _ := old.([]any)
		return append(slices.Clone(list), entry), nil
	})
}

// replace changes a part of a text, which must be there once.
func replace(path, old, replacement string) dig {
	return change(path, func(value any) (any, error) {
		text, _ := value.(string)
		if n := strings.Count(text, old); n != 1 {
			return nil, fmt.Errorf("%q is there %d times, not once", old, n)
		}
		return strings.Replace(text, old, replacement, 1), nil
	})
}

// all makes several changes.
func all(digs ...dig) dig {
	return func(object map[string]any) error {
		for _, one := range digs {
			if err := one(object); err != nil {
				return err
			}
		}
		return nil
	}
}

// change sets what is at a path to what edit makes of it; nil takes it away.
func change(path string, edit func(old any) (any, error)) dig {
	return func(object map[string]any) error {
		if _, err := changeAt(object, strings.Split(path, "."), edit); err != nil {
			return fmt.Errorf("field %s: %w", path, err)
		}
		return nil
	}
}

// changeAt returns the changed value.
func changeAt(in any, path []string, edit func(old any) (any, error)) (any, error) {
	if len(path) == 0 {
		return edit(in)
	}
	switch in := in.(type) {
	case []any:
		at, err := strconv.Atoi(path[0])
		if err != nil || at >= len(in) {
			return nil, fmt.Errorf("a list of %d has no entry %q", len(in), path[0])
		}
		value, err := changeAt(in[at], path[1:], edit)
		if err != nil {
			return nil, err
		}
		if value == nil {
			return slices.Delete(in, at, at+1), nil
		}
		in[at] = value
		return in, nil
	case map[string]any:
		value, err := changeAt(in[path[0]], path[1:], edit)
		if err != nil {
			return nil, err
		}
		if delete(in, path[0]); value != nil {
			in[path[0]] = value
		}
		return in, nil
	case nil:
		return changeAt(map[string]any{}, path, edit)
	}
	return nil, fmt.Errorf("there is no field %q in %v", path[0], in)
}

// look returns what is at a path, or nil.
func look(object map[string]any, path string) (found any) {
	// What is missing is nil, whatever keeps it from being there.
	_ = change(path, func(old any) (any, error) {
		found = old
		return nil, errors.New("only looked at")
	})(object)
	return found
}
