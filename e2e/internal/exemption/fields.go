package exemption

import (
	"maps"
	"slices"
)

// take strikes a field out and returns it, if it is of the type that it should
// be. Of another type it stays, to be told as it stands.
func take[T any](from map[string]any, key string) (value T, ok bool) {
	if value, ok = from[key].(T); ok {
		delete(from, key)
	}
	return value, ok
}

func takeMap(from map[string]any, key string) map[string]any {
	value, _ := take[map[string]any](from, key)
	return value
}

// inner returns an object that stays, for its fields to be struck out: where
// none of them remains, nothing is told of it.
func inner(from map[string]any, key string) map[string]any {
	value, _ := from[key].(map[string]any)
	return value
}

// takeMaps strikes out a list of objects.
func takeMaps(from map[string]any, key string) []map[string]any {
	list, ok := from[key].([]any)
	if !ok {
		return nil
	}
	var all []map[string]any
	for _, one := range list {
		object, ok := one.(map[string]any)
		if !ok {
			return nil
		}
		all = append(all, object)
	}
	delete(from, key)
	return all
}

// takeTexts strikes out a list of texts.
func takeTexts(from map[string]any, key string) []string {
	list, ok := from[key].([]any)
	if !ok {
		return nil
	}
	var all []string
	for _, one := range list {
		text, ok := one.(string)
		if !ok {
			return nil
		}
		all = append(all, text)
	}
	delete(from, key)
	return all
}

func sortedKeys(of map[string]any) []string { return slices.Sorted(maps.Keys(of)) }
