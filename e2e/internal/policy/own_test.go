package policy

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/distribution/reference"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

const ownFolder = "../../../policies"

// loadOwn returns the policies of the project, by folder and name. Bindings
// are left out.
func loadOwn(t *testing.T) map[string]*unstructured.Unstructured {
	t.Helper()
	own := map[string]*unstructured.Unstructured{}
	for _, folder := range []string{"imagevalidatingpolicy", "clusterpolicy"} {
		policies, err := Load(filepath.Join(ownFolder, folder))
		if err != nil {
			t.Fatal(err)
		}
		bound := map[string]bool{}
		for _, policy := range policies {
			if policy.GetKind() == "ValidatingAdmissionPolicyBinding" {
				name, _, _ := unstructured.NestedString(policy.Object, "spec", "policyName")
				bound[name] = true
				continue
			}
			own[folder+"/"+policy.GetName()] = policy
		}
		for _, policy := range policies {
			if policy.GetKind() == "ValidatingAdmissionPolicy" && !bound[policy.GetName()] {
				t.Errorf("%s/%s has no binding: nobody applies it", folder, policy.GetName())
			}
		}
	}
	return own
}

// TestOwnAgree checks that the policies that stand beside one another ask about
// the same objects.
func TestOwnAgree(t *testing.T) {
	t.Parallel()
	own := loadOwn(t)
	field := func(policy string, fields ...string) any {
		value, found, err := unstructured.NestedFieldNoCopy(own[policy].Object, fields...)
		if !found || err != nil {
			t.Fatalf("%s has no %s: %v", policy, fields, err)
		}
		return value
	}
	const like = "imagevalidatingpolicy/require-notation"
	for _, policy := range []string{
		"imagevalidatingpolicy/require-pinned-images", "clusterpolicy/require-pinned-images",
		"clusterpolicy/refuse-image-volumes",
	} {
		for _, name := range []string{"matchConstraints", "matchConditions", "failurePolicy"} {
			if got, want := field(policy, "spec", name), field(like, "spec", name); !reflect.DeepEqual(got, want) {
				t.Errorf("%s of %s are\n%v\nand of %s\n%v", name, policy, got, like, want)
			}
		}
	}
	one, other := own["clusterpolicy/require-pinned-images"], own["imagevalidatingpolicy/require-pinned-images"]
	if !reflect.DeepEqual(one, other) {
		t.Error("the two policies require-pinned-images differ")
	}
	rules := field("clusterpolicy/require-notation", "spec", "rules").([]any)
	exclude, _, _ := unstructured.NestedSlice(rules[0].(map[string]any), "exclude", "any")
	excluded := exclude[0].(map[string]any)["resources"].(map[string]any)["namespaces"]
	selector := field(like, "spec", "matchConstraints", "namespaceSelector", "matchExpressions").([]any)
	if values := selector[0].(map[string]any)["values"]; !reflect.DeepEqual(values, excluded) {
		t.Errorf("the ClusterPolicy leaves out the namespaces %v, the others %v", excluded, values)
	}
}

// pinned reads from the policy what names of images it takes.
func pinned(t *testing.T) func(string) bool {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(ownFolder, "clusterpolicy/require-pinned-images.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	_, matches, ok := strings.Cut(string(content), `image.split("@")[0].size() > 255 || !image.matches(`)
	expression, _, end := strings.Cut(matches, "))\n")
	if !ok || !end {
		t.Fatal("the policy has another expression than this test reads")
	}
	var pattern strings.Builder
	for _, literal := range regexp.MustCompile(`"([^"\\]*)"`).FindAllStringSubmatch(expression, -1) {
		pattern.WriteString(literal[1])
	}
	compiled := regexp.MustCompile(pattern.String())
	return func(image string) bool {
		name, _, _ := strings.Cut(image, "@")
		return len(name) <= 255 && compiled.MatchString(image)
	}
}

const digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// TestPinnedNames checks that whatever the policy takes is read by the library
// with which Kyverno and containerd read names, and to the same end: what
// Kyverno can't read a ClusterPolicy admits unchecked.
func TestPinnedNames(t *testing.T) {
	t.Parallel()
	takes := pinned(t)
	registries := []string{
		"", "/", "registry/", "registry.test/", "localhost/", "localhost:5000/", "127.0.0.1:5000/", "a-b.c--d.test:1/",
		"REGISTRY.test/", "a..b/", "a.-b/", "-a.test/", "a-.test/", "a_b.test/", ".a/", "a./", "[::1]:5000/",
		"registry:/", "registry:a/", "a:1:2/", "https://a/", "user@a/", "user:password@a/", "é.test/",
		"a b/", "a.test//", "../", "%61/", "a.test/v2/",
	}
	paths := []string{
		"", "a", "a/b", "a/b/c", "a.b", "a_b", "a__b", "a___b", "a-b", "a--b", "a---b", "a..b", "a._b", "a.-b",
		".a", "a.", "_a", "a_", "-a", "a-", "A", "a/B", "a//b", "/a", "a/", "a/../b", "a/./b", "a:b/c", "é", "a b",
		"a\nb", "a\n", "\na", "a*", "a@b", "a%2fb", "sha256",
		strings.Repeat("a", 230), strings.Repeat("a", 255), strings.Repeat("a", 256),
		strings.Repeat("a/", 127) + "a", strings.Repeat("a/", 128) + "a",
		strings.Repeat("0123456789abcdef", 4),
	}
	tags := []string{
		"", ":", ":a", ":A_b.c-d", ":.a", ":-a", ":_a", ":a:b", ":a/b", ":é", ":a ", ":latest\n",
		":" + strings.Repeat("a", 128), ":" + strings.Repeat("a", 129),
	}
	digests := []string{
		"", digest, digest + digest, digest[:70], digest + "0", strings.ToUpper(digest), digest + "\n", " " + digest,
		"@sha256:" + strings.Repeat("F", 64), "@sha512:" + strings.Repeat("0", 128), "@sha256:", "@",
		"@sha256-" + strings.Repeat("0", 64), "@sha256+b64u:" + strings.Repeat("0", 64),
	}
	var taken int
	for _, registry := range registries {
		for _, path := range paths {
			for _, tag := range tags {
				for _, digest := range digests {
					image := registry + path + tag + digest
					if !takes(image) {
						continue
					}
					taken++
					checkReadAlike(t, image)
				}
			}
		}
	}
	if taken < 100 {
		t.Errorf("it takes only %d names", taken)
	}
	for _, image := range []string{"busybox", "a.test:5000/b_c/d.e", "localhost/x", "registry/a:v1.2.3-rc_4"} {
		if !takes(image+digest) || takes(image) {
			t.Errorf("%q: with its digest %v, without %v", image, takes(image+digest), takes(image))
		}
	}
}

func checkReadAlike(t *testing.T, image string) {
	t.Helper()
	parsed, err := reference.Parse(image)
	if err != nil {
		t.Errorf("%q can't be read: %v", image, err)
		return
	}
	if digested, ok := parsed.(reference.Digested); !ok || "@"+digested.Digest().String() != digest {
		t.Errorf("%q isn't pinned to its digest", image)
	}
	if parsed.String() != image {
		t.Errorf("%q is read as %q", image, parsed)
	}
}
