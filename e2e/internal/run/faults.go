package run

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"container-signing/e2e/internal/fault"
	"container-signing/e2e/internal/node"
	"container-signing/e2e/internal/notation"
	"container-signing/e2e/internal/process"
	"container-signing/e2e/internal/registry"
	"container-signing/e2e/internal/usage"
	"container-signing/internal/hint"
)

// Faults enforces the policies as a whole run does, and then lets parts of the
// cluster and the registry fail, while workloads are applied all the time. Of
// the faults it brings about those whose names begin with one of only, or all.
func Faults(ctx context.Context, o Options, only []string) (err error) {
	if err := checkOnly(only); err != nil {
		return err
	}
	production := o.Registries.Production
	if err := registry.CheckFree("production-registry", production); err != nil {
		return usage.Fault(err)
	}
	port, err := process.LastingPort()
	if err != nil {
		return err
	}
	o.KeySpec, o.Signer.Format, o.Signer.KeyID = "RSA-3072", notation.Formats()[0], "demonstration"
	o.behind = net.JoinHostPort("127.0.0.1", port)
	front, err := fault.Open(production, o.behind)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, front.Close()) }()
	return staged(ctx, o, func(ctx context.Context, t *trial, _ *stock) error {
		passed, err := t.judgeFaults(ctx, front, only)
		return errors.Join(passed, err)
	})
}

// judgeFaults brings the faults about and reports the verdicts. Whether these are
// as expected is passed: nil or ErrVerdict.
func (t *trial) judgeFaults(ctx context.Context, front *fault.Front, only []string) (passed, err error) {
	place := &fault.Place{Config: t.cluster.Config, Images: Images(t.supply.State)}
	if t.hasNode {
		runtime, opening := node.OpenRuntime(t.nodeFolder())
		if opening != nil {
			return nil, opening
		}
		defer func() { err = errors.Join(err, runtime.Close()) }()
		place.Running = runtime.Running
	}
	t.cluster.Config.WarningHandler = t.Console
	if err := t.Do(ctx, "create what is there before the policies", place.Prepare); err != nil {
		return nil, err
	}
	t.tellExemptions()
	if err := t.Do(ctx, "apply the policies, until they are enforced", t.enforce); err != nil {
		return nil, err
	}
	keeper := t.cluster.Keep(ctx)
	world := fault.World{
		Place: place, Cluster: t.cluster, Keeper: keeper, Front: front,
		AsksAboutUpdates: slices.ContainsFunc(t.plan.Policies, asksAboutUpdates),
	}
	verdicts, err := place.Run(ctx, chosen(world, only), t.Console.Do)
	if err != nil {
		return nil, t.cluster.ExplainKyverno(err)
	}
	if ended := keeper.Ended(); ended > 0 {
		t.Console.Note(fmt.Sprintf("Kyverno has ended %d times by itself, and was started again", ended))
	}
	return t.conclude(verdicts)
}

// chosen are the faults to bring about.
func chosen(world fault.World, only []string) []fault.Fault {
	return slices.DeleteFunc(world.Faults(), func(one fault.Fault) bool {
		begins := func(begin string) bool { return strings.HasPrefix(one.Name, begin) }
		return len(only) > 0 && !slices.ContainsFunc(only, begins)
	})
}

// checkOnly finds a name that is none of a fault.
func checkOnly(only []string) error {
	var names []string
	for _, one := range chosen(fault.World{}, nil) {
		names = append(names, one.Name)
	}
	for _, begin := range only {
		if len(chosen(fault.World{}, []string{begin})) == 0 {
			err := fmt.Errorf("unknown --only %q", begin)
			return usage.Fault(hint.Add(err, "known are %s", strings.Join(names, ", ")))
		}
	}
	return nil
}

// asksAboutUpdates tells whether Kyverno itself has to find out that an update
// leaves all images in their places.
func asksAboutUpdates(policy *unstructured.Unstructured) bool {
	return policy.GetKind() == "ClusterPolicy"
}
