package run

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kballard/go-shellquote"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"container-signing/e2e/internal/exemption"
	"container-signing/e2e/internal/policy"
	"container-signing/e2e/internal/usage"
	"container-signing/e2e/internal/workload"
	"container-signing/internal/hint"
	"container-signing/tools"
)

// PolicyKinds are the policies of the project.
func PolicyKinds() []string { return []string{"imagevalidatingpolicy", "clusterpolicy"} }

// A Choice is what a person can choose about what is judged.
type Choice struct {
	Policy    string // one of PolicyKinds
	Policies  string // folder with policies of the user's own; empty for Policy
	Workloads string // folder with admit/ and deny/; empty for the project's own
	Report    string // folder to write the report to; empty for none
	// Accept is what policies of the user's own may leave out, in the words of
	// package exemption.
	Accept []string
}

// A Plan is what to judge, read and checked before anything is started.
type Plan struct {
	// Name is that of the folder with the policies.
	Name      string
	Policies  []*unstructured.Unstructured
	Workloads []workload.Workload
	Report    string
	// OwnPolicies are the user's, of which nobody knows where a node is the only
	// lock.
	OwnPolicies bool
	// Exemptions are what the policies leave out.
	Exemptions []exemption.Exemption
}

// kinds are those of the policies.
func (p Plan) kinds() []string {
	var all []string
	for _, one := range p.Policies {
		all = append(all, one.GetKind())
	}
	return all
}

// Read reads what was chosen. Its errors are usage errors.
func (c Choice) Read() (Plan, error) {
	if err := c.check(); err != nil {
		return Plan{}, usage.Fault(err)
	}
	root, err := tools.Root()
	if err != nil {
		return Plan{}, usage.Fault(err)
	}
	policies, workloads := c.Policies, c.Workloads
	if policies == "" {
		policies = filepath.Join(root, "policies", c.Policy)
	}
	if workloads == "" {
		workloads = filepath.Join(root, "policies", "workloads")
	}
	p := Plan{Name: filepath.Base(policies), Report: c.Report, OwnPolicies: c.Policies != ""}
	if p.Workloads, err = workload.Load(workloads); err != nil {
		return Plan{}, usage.Fault(err)
	}
	if p.Policies, err = policy.Load(policies); err != nil {
		return Plan{}, usage.Fault(err)
	}
	p.Exemptions = exemption.In(p.Policies)
	if err := c.checkExemptions(policies, p.Exemptions); err != nil {
		return Plan{}, usage.Fault(err)
	}
	return p, usage.Fault(checkWritable(c.Report))
}

// checkExemptions finds what the policies leave out though nobody has said that
// they may: no workload of the run has the label, the name or the account that
// excuses it.
func (c Choice) checkExemptions(folder string, exemptions []exemption.Exemption) error {
	more := exemption.Unaccepted(exemptions, c.Accept)
	if len(more) == 0 {
		return nil
	}
	var words []string
	for _, one := range more {
		words = append(words, one.String())
	}
	return hint.Add(
		fmt.Errorf("the policies in %q leave out more than is accepted: %s", folder, strings.Join(words, "; ")),
		"if it is meant, accept each by --accept %s", shellquote.Join(more[0].Words))
}

// check finds what can be known to be wrong without reading any file.
func (c Choice) check() error {
	if !slices.Contains(PolicyKinds(), c.Policy) {
		return hint.Add(fmt.Errorf("unknown --policy %q", c.Policy),
			"known are %s; --policies takes a folder of your own", strings.Join(PolicyKinds(), ", "))
	}
	for name, path := range map[string]string{"policies": c.Policies, "workloads": c.Workloads} {
		if path == "" {
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return fmt.Errorf("reading --%s: %w", name, err)
		}
		if !info.IsDir() {
			return hint.Add(fmt.Errorf("reading --%s: %q is a file", name, path), "give its folder")
		}
	}
	return nil
}

// checkWritable finds before the run that its report can't be written after it.
func checkWritable(folder string) error {
	if folder == "" {
		return nil
	}
	err := os.MkdirAll(folder, 0o755)
	if err == nil {
		var probe *os.File
		if probe, err = os.CreateTemp(folder, ".writable-"); err == nil {
			err = errors.Join(probe.Close(), os.Remove(probe.Name()))
		}
	}
	if err != nil {
		return hint.Add(fmt.Errorf("preparing --report %q: %w", folder, err), "give a folder that can be written to")
	}
	return nil
}
