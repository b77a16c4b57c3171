package enforcement

import (
	"context"
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/policy"
)

// name is that of the policies that say that what came before was read.
const name = "has-read-what-came-before"

// A prober makes policies that refuse one object each, by the round, and asks
// until they do.
type prober struct {
	config *rest.Config
	client dynamic.Interface
	round  int
}

// put applies a policy of the cluster's own. In its text ROUND is the round.
func (p *prober) put(ctx context.Context, text string) error {
	object, err := p.parse(text)
	if err != nil {
		return err
	}
	return policy.Put(ctx, p.config, []*unstructured.Unstructured{object})
}

func (p *prober) parse(text string) (*unstructured.Unstructured, error) {
	object := &unstructured.Unstructured{}
	text = strings.NewReplacer("NAME", name, "ROUND", fmt.Sprint(p.round)).Replace(text)
	if err := yaml.Unmarshal([]byte(text), &object.Object); err != nil {
		return nil, fmt.Errorf("reading a policy of our own: %w", err)
	}
	return object, nil
}

// awaitAnswer asks by dry runs whether an object may be created, until the
// answer is about this round.
func (p *prober) awaitAnswer(
	ctx context.Context, resource, text string, fits func(made *unstructured.Unstructured, err error) bool,
) error {
	object, err := p.parse(text)
	if err != nil {
		return err
	}
	client := p.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: resource}).
		Namespace(object.GetNamespace())
	what := fmt.Sprintf("the cluster has read the policies of round %d", p.round)
	return await.Answer(ctx, what, func(ctx context.Context) error {
		made, err := client.Create(ctx, object, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		switch {
		case fits(made, err):
			return nil
		case err == nil:
			return errors.New("it admits " + object.GetName())
		}
		return err
	})
}

// awaitRefused waits until an object is refused in words that all are part of
// the answer.
func (p *prober) awaitRefused(ctx context.Context, resource, text string, words ...string) error {
	return p.awaitAnswer(ctx, resource, text, func(_ *unstructured.Unstructured, err error) bool {
		if err == nil {
			return false
		}
		for _, word := range words {
			wanted := strings.NewReplacer("NAME", name, "ROUND", fmt.Sprint(p.round)).Replace(word)
			if !strings.Contains(err.Error(), wanted) {
				return false
			}
		}
		return true
	})
}
