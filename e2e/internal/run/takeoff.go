package run

import (
	"context"
	"fmt"

	"container-signing/e2e/internal/lock"
	"container-signing/e2e/internal/report"
)

// takeOff tries to take the policies off as an administrator, by dry runs, where
// the API server keeps them.
func (t *trial) takeOff(ctx context.Context) (verdicts []report.Verdict, err error) {
	if !t.locked {
		return nil, nil
	}
	attempts := lock.Attempts(t.plan.Policies)
	err = t.Console.Do(fmt.Sprintf("try to take the policies off in %d ways", len(attempts)), func() error {
		verdicts, err = lock.Try(ctx, lock.Cluster{Config: t.cluster.Config, Policy: lock.Policy}, attempts)
		return err
	})
	return verdicts, err
}
