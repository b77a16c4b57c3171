package toolset

import (
	"errors"
	"fmt"

	"dagger/container-signing/internal/hint"
)

// Label is the label of a container with built tools: it has their key.
const Label = "container-signing.tools"

// republish is what to do about tools that can't be used.
const republish = "give an image that `dagger call tools publish` of this very source has published, " +
	"or leave out --tools to have them built"

// CheckPublished finds at once that a container which was given as tools has
// none, or others. What its label says is its key.
func CheckPublished(label, key string) error {
	switch label {
	case key:
		return nil
	case "":
		return hint.Add(errors.New("reading --tools: the image has no tools of this project"), republish)
	}
	return hint.Add(
		fmt.Errorf("reading --tools: the image has tools of other pins: its key is %s, not %s", label, key),
		republish,
	)
}
