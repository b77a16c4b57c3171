package main_test

import "testing"

// TestWithdrawnTrust takes away what an image was admitted by. The next request
// must be refused already, and the next one after it is back admitted.
func TestWithdrawnTrust(t *testing.T) {
	t.Parallel()
	for _, policy := range policyKinds {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, policy)
			d.use += `trust() { kubectl patch configmap notation-ca -n kyverno --type merge -p "$(cat)"; }
data() { kubectl get configmap $1 -n kyverno \
	-o go-template='{"data": {"ca.crt": {{printf "%q" (index .data "ca.crt")}}}}'; }
signatures() { oras manifest push --plain-http $IMAGE:$(digest u-root | tr : -) -; }
`
			d.do(`mkdir $NOTATION_CACHE/withdrawn
data notation-ca >$NOTATION_CACHE/withdrawn/ca
oras manifest fetch --plain-http $IMAGE:$(digest u-root | tr : -) >$NOTATION_CACHE/withdrawn/signatures`)
			const back = `trust <$NOTATION_CACHE/withdrawn/ca`
			for _, step := range []struct{ name, withdraw, restore string }{
				{"CA emptied", `echo '{"data": {"ca.crt": ""}}' | trust`, back},
				{"CA taken away", `echo '{"data": {"ca.crt": null}}' | trust`, back},
				{"CA broken", `echo '{"data": {"ca.crt": "-----BEGIN CERTIFICATE-----"}}' | trust`, back},
				{"CA replaced", `data kube-root-ca.crt | trust`, back},
				{
					"signature deleted",
					`echo '{"schemaVersion": 2, "manifests": [],
	"mediaType": "application/vnd.oci.image.index.v1+json"}' | signatures`,
					`signatures <$NOTATION_CACHE/withdrawn/signatures`,
				},
			} {
				for _, image := range []string{"$IMAGE:u-root", "$IMAGE@$(digest u-root)"} {
					d.do(pod(image))
					d.do(step.withdraw)
					d.mustRefuse(pod(image))
					d.do(step.restore)
					d.do(pod(image))
				}
				if t.Failed() {
					t.Fatal(step.name)
				}
			}
		})
	}
}
