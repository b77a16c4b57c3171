package exemption

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// An Exemption is something that a policy leaves out, or leaves to an
// expression.
type Exemption struct {
	Policy string
	// Words say what, such as "namespace kube-system". It is accepted by them.
	Words string
}

func (e Exemption) String() string { return e.Policy + ": " + e.Words }

// leftTo begins the words about what an expression decides.
const leftTo = "what is left to "

// ToExpression tells whether it is what an expression decides, and not anything
// that can be told in words.
func (e Exemption) ToExpression() bool { return strings.HasPrefix(e.Words, leftTo) }

// A reader reads one policy.
type reader struct {
	policy string
	found  []Exemption
}

func (r *reader) say(format string, args ...any) {
	r.found = append(r.found, Exemption{r.policy, fmt.Sprintf(format, args...)})
}

// rest tells what nobody has understood.
func (r *reader) rest(path string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for _, key := range sortedKeys(value) {
			r.rest(strings.TrimPrefix(path+"."+key, "."), value[key])
		}
	case nil:
	default:
		r.say("what field %s leaves out: %s", path, brief(value))
	}
}

// expression tells what is left to an expression, by a digest of its text: it
// is accepted as it stands, and not once it says something else.
func (r *reader) expression(what string, value any) {
	if value != nil {
		r.say("%s%s (%s)", leftTo, what, digest(value))
	}
}

// digest is that of a value whatever its white space and the order of its keys.
func digest(value any) string {
	encoded, err := json.Marshal(squeeze(value))
	if err != nil {
		return err.Error() // nothing that was YAML
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:6])
}

// squeeze makes white space in texts single.
func squeeze(value any) any {
	switch value := value.(type) {
	case string:
		return strings.Join(strings.Fields(value), " ")
	case []any:
		all := make([]any, len(value))
		for i, one := range value {
			all[i] = squeeze(one)
		}
		return all
	case map[string]any:
		all := map[string]any{}
		for key, one := range value {
			all[key] = squeeze(one)
		}
		return all
	}
	return value
}

// brief is a value on one line.
func brief(value any) string {
	encoded, err := json.Marshal(squeeze(value))
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(encoded)
}
