package run

import (
	"context"
	"fmt"
	"time"

	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/policy"
	"container-signing/e2e/internal/supply"
	"container-signing/internal/pki"
)

// enforcedWithin bounds the wait for policies, once Kyverno calls them ready,
// to refuse what they must: they do within half a second.
const enforcedWithin = 15 * time.Second

// enforce makes the cluster trust the CA and enforce the policies. Its error is
// a [judge.ErrNotEnforced] if all went well but for that.
func (t *trial) enforce(ctx context.Context) error {
	ca, err := supply.ReadCertificates(t.ca)
	if err != nil {
		return fmt.Errorf("reading the CA: %w", err)
	}
	if err := policy.Trust(ctx, t.cluster.Config, pki.EncodePEM(ca...)); err != nil {
		return err
	}
	if err := policy.Apply(ctx, t.cluster.Config, t.plan.Policies); err != nil {
		return t.cluster.ExplainKyverno(err)
	}
	options := t.judgeOptions()
	options.Limit = enforcedWithin
	if err := judge.AwaitEnforced(ctx, options, t.plan.Workloads); err != nil {
		return t.cluster.ExplainKyverno(err)
	}
	return nil
}
