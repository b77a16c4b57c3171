package run

import (
	"context"
	"fmt"

	"container-signing/e2e/internal/lock"
	"container-signing/e2e/internal/report"
)

// takeOffOwn tries to take the policies off where the API server keeps them, and
// wants the policy of its files to refuse it.
func (t *trial) takeOffOwn(ctx context.Context) ([]report.Verdict, error) {
	if !t.locked {
		return nil, nil
	}
	return t.takeOff(ctx, lock.Policy)
}

// takeOff tries to take the policies off as an administrator, by dry runs. The
// policy must refuse it, or if it is empty whoever does.
func (t *trial) takeOff(ctx context.Context, policy string) (verdicts []report.Verdict, err error) {
	attempts := lock.Attempts(t.plan.Policies)
	err = t.Console.Do(fmt.Sprintf("try to take the policies off in %d ways", len(attempts)), func() error {
		verdicts, err = lock.Try(ctx, lock.Cluster{Config: t.cluster.Config, Policy: policy}, attempts)
		return err
	})
	return verdicts, err
}
