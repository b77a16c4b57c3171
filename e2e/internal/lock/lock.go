// Package lock tries to take the policies off: to delete or to weaken them, what
// they need, and what asks them, as those who may do everything in a cluster. It
// also tries what has to go on.
//
// Each try is a dry run: the API server asks who might refuse, and changes
// nothing. So it can be done in a cluster where nothing refuses.
package lock

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/rest"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/report"
)

// Policy is the policy that refuses them all: the API server reads it from
// policies/apiserver.
const Policy = "keep-the-lock.static.k8s.io"

// A Cluster is where it is tried.
type Cluster struct {
	// Config connects as an administrator who may impersonate others.
	Config *rest.Config
	// Policy is the one that must refuse; empty if it doesn't matter who does.
	Policy string
	// Limit bounds the time for one try; 0 means judge.DefaultLimit.
	Limit time.Duration
}

// Try makes all attempts side by side, and returns a verdict on each, in their
// order. An error says that not all could be made.
func Try(ctx context.Context, cluster Cluster, attempts []Attempt) ([]report.Verdict, error) {
	verdicts := make([]report.Verdict, len(attempts))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(judge.DefaultParallel)
	for i, attempt := range attempts {
		work.Go(func() (err error) {
			verdicts[i], err = cluster.try(ctx, attempt)
			return err
		})
	}
	return verdicts, work.Wait()
}

// try makes an attempt within the limit. That ctx ends is no verdict on
// anything: it returns the cause of that.
func (c Cluster) try(ctx context.Context, attempt Attempt) (report.Verdict, error) {
	started := time.Now()
	limit := c.Limit
	if limit == 0 {
		limit = judge.DefaultLimit
	}
	bounded, cancel := await.Within(ctx, limit)
	defer cancel()
	answer := attempt.request.send(bounded, c.Config)
	if ctx.Err() != nil {
		return report.Verdict{}, context.Cause(ctx)
	}
	verdict := c.verdict(bounded, attempt, answer)
	verdict.Seconds = time.Since(started).Seconds()
	return verdict, nil
}

// verdict compares an answer with the one that must be.
func (c Cluster) verdict(ctx context.Context, attempt Attempt, err error) report.Verdict {
	verdict := report.Verdict{
		Workload: "lock/" + attempt.Name, Kind: attempt.request.kind.name,
		Expected: report.Refused, Seen: report.Admitted, Policy: c.Policy,
		Attack: attempt.Attack, KnownFault: attempt.KnownFault,
	}
	if attempt.GoesOn != "" {
		verdict.Expected, verdict.Policy = report.Admitted, ""
	}
	if err != nil {
		answer := judge.Classify(ctx, err)
		verdict.Seen, verdict.Webhook = answer.Seen, answer.Webhook
		verdict.Reason, verdict.Lock = answer.Reason, answer.Lock
		if verdict.Seen == report.Failed && byRBAC(err) {
			verdict.Seen, verdict.Lock = report.Refused, "RBAC"
		}
	}
	switch {
	case verdict.Seen != verdict.Expected && attempt.GoesOn != "":
		verdict.Failure = "the API server must grant it: " + attempt.GoesOn
	case verdict.Seen != verdict.Expected:
		verdict.Failure = "the API server must refuse it"
	case attempt.GoesOn != "":
		verdict.Passed, verdict.Detail = true, attempt.GoesOn
	case c.Policy != "" && !judge.FitsPolicy(verdict.Reason, c.Policy):
		verdict.Failure = fmt.Sprintf("it was refused by another than policy %q", c.Policy)
	default:
		verdict.Passed = true
		_, verdict.Matched, _ = strings.Cut(verdict.Reason, " denied request: ")
	}
	return verdict
}
