package supply

import (
	"encoding/json"
	"fmt"
	"os"
)

// ReadState reads what a command before has written.
func ReadState(path string) (State, error) {
	var s State
	content, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(content, &s); err != nil {
		return s, fmt.Errorf("%q: %w", path, err)
	}
	return s, nil
}
