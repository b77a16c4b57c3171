// Package exemption reads in policies what they leave out. No request can find
// an exemption whose label, name or account nobody knows: only reading finds it.
//
// It works the other way round from a search for holes, which never is
// complete: what a policy says is struck out as far as it is understood, and
// either leaves nothing out or is told in words. Whatever remains is told as it
// stands.
package exemption

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
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

// In returns the exemptions in policies, those of one policy together, each
// once.
func In(policies []*unstructured.Unstructured) []Exemption {
	all := missing(policies)
	for _, policy := range policies {
		r := &reader{policy: policy.GetName()}
		r.read(policy.DeepCopy().Object)
		for _, found := range r.found {
			if !slices.Contains(all, found) {
				all = append(all, found)
			}
		}
	}
	return all
}

// Unaccepted returns those whose words aren't accepted, neither by the user nor
// as those of the project's own policies.
func Unaccepted(exemptions []Exemption, accepted []string) []Exemption {
	return slices.DeleteFunc(slices.Clone(exemptions), func(e Exemption) bool {
		return slices.Contains(accepted, e.Words) || slices.Contains(own, e.Words)
	})
}

// missing tells what is left out because there is no other policy.
func missing(policies []*unstructured.Unstructured) (all []Exemption) {
	bound, verifies := map[string]bool{}, false
	for _, policy := range policies {
		switch policy.GetKind() {
		case "ValidatingAdmissionPolicyBinding":
			name, _, _ := unstructured.NestedString(policy.Object, "spec", "policyName")
			bound[name] = true
		case "ImageValidatingPolicy", "ClusterPolicy":
			verifies = true
		}
	}
	for _, policy := range policies {
		if policy.GetKind() == "ValidatingAdmissionPolicy" && !bound[policy.GetName()] {
			all = append(all, Exemption{policy.GetName(), "everything: nothing binds it"})
		}
	}
	if !verifies {
		all = append(all, Exemption{"all policies", "everything: none of them verifies images"})
	}
	return all
}

// A reader reads one policy.
type reader struct {
	policy string
	found  []Exemption
}

func (r *reader) say(format string, args ...any) {
	r.found = append(r.found, Exemption{r.policy, fmt.Sprintf(format, args...)})
}

func (r *reader) read(object map[string]any) {
	kind, _ := take[string](object, "kind")
	r.metadata(object)
	delete(object, "apiVersion")
	delete(object, "status")
	spec := takeMap(object, "spec")
	switch kind {
	case "ImageValidatingPolicy":
		r.imageValidatingPolicy(spec)
	case "ValidatingAdmissionPolicy":
		r.validatingAdmissionPolicy(spec)
	case "ValidatingAdmissionPolicyBinding":
		r.binding(spec)
	case "ClusterPolicy":
		r.clusterPolicy(spec)
	default:
		r.say("what a %s does, which isn't read", kind)
	}
	r.rest("spec", spec)
	r.rest("", object)
}

// metadata is read for annotations that change what Kyverno makes of a policy.
// Others are for people.
func (r *reader) metadata(object map[string]any) {
	metadata := takeMap(object, "metadata")
	for name, value := range takeMap(metadata, "annotations") {
		if strings.HasPrefix(name, "pod-policies.kyverno.io/") {
			r.say("what annotation %s: %v leaves out", name, value)
		}
	}
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
