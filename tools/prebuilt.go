package tools

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"container-signing/internal/hint"
)

// lacking tells why there are tools missing in a folder of prebuilt ones:
// there is none, or it isn't of this source.
func (c cache) lacking(source string, missing []module) error {
	looking := fmt.Sprintf("looking for %s in %q, which %s names", missing[0].name, string(c), FolderVariable)
	advice := "build them anew by `go run ./tools/build --output FOLDER`, or unset " + FolderVariable +
		" to have them built here"
	if _, err := os.Stat(string(c)); err != nil {
		return hint.Add(fmt.Errorf("%s: %w", looking, err), "%s", advice)
	}
	var folders []string
	for _, m := range missing {
		folder, err := c.folder(source, m)
		if err != nil {
			return err
		}
		folders = append(folders, filepath.Base(folder))
	}
	err := fmt.Errorf("%s: there is no %s: "+
		"its tools were built of other pins, by another Go release or for another platform",
		looking, strings.Join(folders, ", "))
	return hint.Add(err, "%s", advice)
}
