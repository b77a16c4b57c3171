// Package bypass tries the ways around admission, where containerd's image
// verifier is the only lock that is left: pods that no policy judges, and pulls
// by hand; and whether it is noticed that this lock is off. It also judges what
// becomes of pods when containerd and kubelet are restarted under them, as an
// update of a node does.
package bypass

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/judge"
	"container-signing/e2e/internal/report"
)

// A Cluster is where the ways lead to.
type Cluster struct {
	// Config connects as somebody who may create pods in all namespaces.
	Config *rest.Config
	// Images are those of the run, by name.
	Images judge.Images
	// Limit bounds the time for one verdict; 0 means judge.DefaultLimit.
	Limit time.Duration
}

// CreateBeforePolicy creates the pod that has to be there before any policy is.
// Ways with a node judges it.
func CreateBeforePolicy(ctx context.Context, cluster Cluster) error {
	client, err := cluster.client()
	if err != nil {
		return err
	}
	ctx, cancel := await.Within(ctx, cluster.limit())
	defer cancel()
	return beforePolicy.create(ctx, client, cluster.Images)
}

// Count is how many ways there are, with a node of the caller's or without.
func Count(node *Node) int { return len(tries(nil, nil, node)) }

// Ways tries all ways side by side, and returns a verdict on each. Without a
// node of the caller's these are the ways that the API server offers. An error
// says that not all could be tried.
func Ways(ctx context.Context, cluster Cluster, node *Node) ([]report.Verdict, error) {
	client, err := cluster.client()
	if err != nil {
		return nil, err
	}
	all := tries(client, cluster.Images, node)
	verdicts := make([]report.Verdict, len(all))
	work, ctx := errgroup.WithContext(ctx)
	for i, try := range all {
		work.Go(func() (err error) {
			verdicts[i], err = try.do(ctx, cluster.limit())
			return err
		})
	}
	return verdicts, work.Wait()
}

func (c Cluster) limit() time.Duration {
	if c.Limit == 0 {
		return judge.DefaultLimit
	}
	return c.Limit
}

func (c Cluster) client() (kubernetes.Interface, error) {
	client, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		return nil, fmt.Errorf("making a client of the cluster: %w", err)
	}
	return client, nil
}
