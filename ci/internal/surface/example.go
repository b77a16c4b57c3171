package surface

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	continued = regexp.MustCompile(`\\\n\s*(//)?`)
	command   = regexp.MustCompile("dagger (?:-m \\S+ )?call [^`\n|;&>]+")
	// conditional is a flag that a shell adds if its variable is set.
	conditional = regexp.MustCompile(`\$\{\w+:\+([^}]*)\}`)
)

// Examples returns the command lines of dagger call in a text, each as one
// line.
func Examples(text string) []string {
	var examples []string
	text = conditional.ReplaceAllString(continued.ReplaceAllString(text, " "), "$1")
	for _, match := range command.FindAllString(text, -1) {
		if !strings.Contains(match, "…") && !strings.Contains(match, " FUNCTION") {
			examples = append(examples, strings.Join(strings.Fields(match), " "))
		}
	}
	return examples
}

// Check returns an error if a command line of dagger call names a function or a
// flag that doesn't exist. What comes after a core type, such as Service, is
// the engine's and isn't looked at.
func Check(objects map[string]Object, mainObject, example string) error {
	_, line, found := strings.Cut(example, "call ")
	if !found {
		return fmt.Errorf("it calls nothing")
	}
	object, function := mainObject, objects[mainObject]["New"]
	words := strings.Fields(line)
	for i := 0; i < len(words); i++ {
		word := words[i]
		if flag, isFlag := strings.CutPrefix(word, "--"); isFlag {
			name, _, hasValue := strings.Cut(flag, "=")
			if name != "help" && !slices.Contains(function.Arguments, name) {
				return fmt.Errorf("there is no flag --%s", name)
			}
			if !hasValue && i+1 < len(words) && !strings.HasPrefix(words[i+1], "--") && !switches[name] {
				i++
			}
			continue
		}
		if strings.HasPrefix(word, "#") || strings.HasPrefix(word, "-o") {
			return nil
		}
		functions, ours := objects[object]
		if !ours {
			return nil
		}
		if function, found = functions[word]; !found {
			return fmt.Errorf("there is no function %s of %s", word, object)
		}
		object = function.Returns
	}
	return nil
}

// switches are flags without a value.
var switches = map[string]bool{"plain-http": true, "to-plain-http": true, "tolerate": true, "node": true}
