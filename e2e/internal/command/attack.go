package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"container-signing/e2e/internal/reference"
	"container-signing/e2e/internal/run"
	"container-signing/e2e/internal/session"
	"container-signing/e2e/internal/usage"
	"container-signing/internal/hint"
)

// An attacking is what `e2e attack` is asked for.
type attacking struct {
	settings           session.Settings
	kubeconfig, server string
	repository, signed string
	plainHTTP          bool
	target             run.Target
}

// newAttack attacks a cluster that runs already, whatever enforces there.
func newAttack() *cobra.Command {
	var a attacking
	cmd := newVerb("attack", "Try to get unsigned images into a cluster of yours, and tell which lock stops them",
		"kubeconfig", "repository")
	flags := cmd.Flags()
	flags.StringVar(&a.kubeconfig, "kubeconfig", "", "`file` that connects with the cluster as an administrator")
	flags.StringVar(&a.server, "server", "",
		"`URL` at which the API server is reached, if not at that of the kubeconfig")
	flags.StringVar(&a.target.Await, "await", "", awaitUsage)
	flags.StringVar(&a.repository, "repository", "",
		"`repository` for the images, such as registry.example.com/scratch: an empty one, which is emptied again")
	flags.StringVar(&a.signed, "signed", "",
		"`reference` of an image with a Notation signature that the cluster must admit; without it\n"+
			"only refusals are judged")
	flags.BoolVar(&a.plainHTTP, "plain-http", false,
		"the registries speak plain HTTP, as those on loopback are taken to do anyway")
	flags.BoolVar(&a.target.Runs, "run", false,
		"what is admitted may run, so that a node can refuse it; by default the API server is asked by dry runs")
	flags.StringVar(&a.target.Policies, "policies", "",
		"`folder` with the policies of the cluster: try to take them off too, as its administrators")
	flags.StringVar(&a.target.Report, "report", "", reportUsage)
	addVerbose(flags, &a.settings)
	addTimeout(flags, &a.settings)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if err := a.check(); err != nil {
			return err
		}
		return run.Attack(cmd.Context(), a.settings, a.target)
	}
	return cmd
}

// check reads what is named, and finds what can be known to be wrong.
func (a *attacking) check() (err error) {
	if err := checkAwaited(a.target.Await); err != nil {
		return err
	}
	if a.target.Repository, err = a.scratch(); err != nil {
		return err
	}
	if a.signed != "" {
		signed, err := parseImage("signed", a.signed, a.plainHTTP)
		if err != nil {
			return err
		}
		if at := a.target.Repository; signed.Registry == at.Registry && signed.Repository == at.Repository {
			return usage.Fault(hint.Add(fmt.Errorf("--signed %s is in --repository, which is emptied", a.signed),
				"give another repository for the attack"))
		}
		a.target.Signed = &signed
	}
	a.target.Cluster, err = existingCluster(a.kubeconfig, a.server)
	return err
}

// scratch reads --repository, which names no image.
func (a *attacking) scratch() (reference.Reference, error) {
	repository, err := parseImage("repository", a.repository+":attack", a.plainHTTP)
	if err == nil && repository.Tag != "attack" {
		err = fmt.Errorf("it has the tag %q", repository.Tag)
	}
	if err != nil {
		err = fmt.Errorf("reading --repository %q: it is no repository: %w", a.repository, err)
		return repository, usage.Fault(hint.Add(err,
			"give it without a tag, such as registry.example.com/scratch"))
	}
	repository.Tag = ""
	return repository, nil
}
