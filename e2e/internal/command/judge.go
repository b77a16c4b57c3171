package command

import (
	"fmt"
	"net/url"

	"github.com/spf13/cobra"

	"container-signing/e2e/internal/cluster"
	"container-signing/e2e/internal/run"
	"container-signing/e2e/internal/session"
	"container-signing/e2e/internal/supply"
	"container-signing/e2e/internal/usage"
	"container-signing/internal/hint"
)

// A judging is what `e2e judge` is asked for.
type judging struct {
	settings           session.Settings
	choice             run.Choice
	registries         supply.Registries
	ca, state          string
	kubeconfig, server string
	existing           run.ExistingCluster
}

// newJudge applies the policies and the workloads to a cluster that runs
// already, and judges what it admits.
func newJudge() *cobra.Command {
	var j judging
	cmd := newVerb("judge", "Apply policies and workloads to a cluster, and judge what it admits", "kubeconfig", "ca")
	flags := cmd.Flags()
	flags.StringVar(&j.kubeconfig, "kubeconfig", "", "`file` that connects with the cluster as an administrator")
	flags.StringVar(&j.server, "server", "",
		"`URL` at which the API server is reached, if not at that of the kubeconfig")
	flags.StringVar(&j.existing.Await, "await", "", awaitUsage)
	flags.StringVar(&j.ca, "ca", "", "`file` with the CA to trust")
	flags.StringVar(&j.state, "state", "",
		"`file` of `e2e promote` with the images that workloads call by name; without it they name real images")
	addProductionRegistry(flags, &j.registries)
	addChoice(flags, &j.choice)
	flags.BoolVar(&j.existing.Runs, "runs", false,
		"the cluster has nodes that reach the images: admitted pods must run, and Jobs complete")
	flags.BoolVar(&j.existing.Bypass, "bypass", false,
		"its nodes verify images before they pull: go around the policies, "+
			"by way of a namespace that they leave out (needs --runs and --state)")
	addVerbose(flags, &j.settings)
	addTimeout(flags, &j.settings)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		plan, state, err := j.check()
		if err != nil {
			return err
		}
		return run.Existing(cmd.Context(), j.settings, j.existing, plan, state, j.ca)
	}
	return cmd
}

// check reads all that is named, and finds what can be known to be wrong.
func (j *judging) check() (plan run.Plan, state supply.State, err error) {
	if err := checkAwaited(j.existing.Await); err != nil {
		return plan, state, err
	}
	if j.existing.Bypass && (!j.existing.Runs || j.state == "") {
		return plan, state, usage.Errorf("--bypass needs --runs and --state: " +
			"unsigned images, and nodes that would run them")
	}
	if err := checkCertificates("ca", j.ca); err != nil {
		return plan, state, err
	}
	if j.existing.Cluster, err = existingCluster(j.kubeconfig, j.server); err != nil {
		return plan, state, err
	}
	if j.state != "" {
		if state, err = supply.ReadState(j.state); err != nil {
			return plan, state, usage.Errorf("reading --state: %w", err)
		}
		if err := state.CheckVerified(); err != nil {
			return plan, state, usage.Fault(hint.Add(fmt.Errorf("reading --state %q: %w", j.state, err),
				"give the one that `e2e promote` has written"))
		}
		state.Registries = j.registries
	}
	plan, err = j.choice.Read()
	return plan, state, err
}

// checkAwaited finds an --await that nothing can be asked at.
func checkAwaited(awaited string) error {
	if awaited == "" {
		return nil
	}
	parsed, err := url.Parse(awaited)
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" {
		return usage.Fault(hint.Add(fmt.Errorf("reading --await %q: it is no URL", awaited),
			"give one such as http://cluster:6444/readyz"))
	}
	return nil
}

// existingCluster reads how to connect with a cluster.
func existingCluster(kubeconfig, server string) (*cluster.Cluster, error) {
	if server != "" {
		if err := checkServer(server); err != nil {
			return nil, err
		}
	}
	existing, err := cluster.Existing(kubeconfig, server)
	if err != nil {
		return nil, usage.Fault(hint.Add(err,
			"give --kubeconfig an administrator's, such as that of `e2e credentials`"))
	}
	return existing, nil
}
