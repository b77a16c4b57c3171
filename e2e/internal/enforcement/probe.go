package enforcement

import (
	"context"
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/policy"
)

// name is that of the policies that say that what came before was read.
const name = "has-read-what-came-before"

// put applies a policy of the cluster's own. In its text ROUND is the round.
func (c *Cluster) put(ctx context.Context, text string) error {
	object, err := c.parse(text)
	if err != nil {
		return err
	}
	return policy.Put(ctx, c.config, []*unstructured.Unstructured{object})
}

func (c *Cluster) parse(text string) (*unstructured.Unstructured, error) {
	object := &unstructured.Unstructured{}
	text = strings.NewReplacer("NAME", name, "ROUND", fmt.Sprint(c.round)).Replace(text)
	if err := yaml.Unmarshal([]byte(text), &object.Object); err != nil {
		return nil, fmt.Errorf("reading a policy of our own: %w", err)
	}
	return object, nil
}

// awaitAnswer asks by dry runs whether an object may be created, until the
// answer is about this round.
func (c *Cluster) awaitAnswer(
	ctx context.Context, resource, text string, fits func(made *unstructured.Unstructured, err error) bool,
) error {
	object, err := c.parse(text)
	if err != nil {
		return err
	}
	client := c.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: resource}).
		Namespace(object.GetNamespace())
	what := fmt.Sprintf("the cluster has read the policies of round %d", c.round)
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
func (c *Cluster) awaitRefused(ctx context.Context, resource, text string, words ...string) error {
	return c.awaitAnswer(ctx, resource, text, func(_ *unstructured.Unstructured, err error) bool {
		if err == nil {
			return false
		}
		for _, word := range words {
			if !strings.Contains(err.Error(), strings.NewReplacer("NAME", name, "ROUND", fmt.Sprint(c.round)).Replace(word)) {
				return false
			}
		}
		return true
	})
}
