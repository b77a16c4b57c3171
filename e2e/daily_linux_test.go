package main_test

import (
	"strings"
	"syscall"
	"testing"
)

// policyKinds are the policies of the project.
var policyKinds = []string{"imagevalidatingpolicy", "clusterpolicy"}

// before are objects that a cluster has before the policies. They name one
// image by its tag, since Kyverno can hang if two are, and one of them twice
// (https://github.com/kyverno/kyverno/issues/17275).
const before = `kubectl create namespace old
kubectl create --namespace old -f - <<END
apiVersion: v1
kind: Pod
metadata: {name: pod}
spec:
  initContainers: [{name: init, image: "$IMAGE@$(digest u-root)"}]
  containers: [{name: first, image: $IMAGE:u-root-unsigned}, {name: second, image: "$IMAGE@$(digest u-root)"}]
---
apiVersion: v1
kind: Pod
metadata: {name: pinned}
spec:
  initContainers: [{name: init, image: "$IMAGE@$(digest u-root)"}]
  containers: [{name: first, image: "$IMAGE@$(digest u-root)"}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: deployment}
spec:
  replicas: 2
  selector: {matchLabels: {app: deployment}}
  template:
    metadata: {labels: {app: deployment}}
    spec:
      initContainers: [{name: init, image: "$IMAGE@$(digest u-root)"}]
      containers:
        - {name: first, image: $IMAGE:u-root-unsigned}
        - {name: second, image: "$IMAGE@$(digest u-root-unsigned)"}
      volumes:
        - {name: files, image: {reference: "$IMAGE@$(digest u-root-unsigned)"}}
        - {name: more, emptyDir: {}}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: cronjob}
spec:
  schedule: "@yearly"
  jobTemplate:
    spec:
      template:
        spec: {restartPolicy: Never, containers: [{name: first, image: $IMAGE:u-root-unsigned}]}
---
apiVersion: batch/v1
kind: Job
metadata: {name: job}
spec:
  template:
    spec: {restartPolicy: Never, containers: [{name: first, image: $IMAGE:u-root-unsigned}]}
---
apiVersion: v1
kind: ReplicationController
metadata: {name: rc}
spec:
  selector: {app: rc}
  template:
    metadata: {labels: {app: rc}}
    spec: {containers: [{name: first, image: $IMAGE:u-root-unsigned}]}
END
kubectl wait --namespace old --for=create pod --selector job-name=job
kubectl wait --namespace old --for=jsonpath='{.status.replicas}'=2 deployment/deployment
kubectl wait --namespace old --for=jsonpath='{.status.replicas}'=1 rc/rc
`

// newImages are updates that change an image of an object from before the
// policies, or only its place. The order of the lists is the one above.
var newImages = map[string]string{
	"another unsigned image":          `kubectl set image -n old deployment/deployment first=$IMAGE:u-root-another-ca`,
	"of a pod":                        `kubectl set image -n old pod/pod first=$IMAGE:u-root-another-ca`,
	"of an init container, by digest": `kubectl set image -n old pod/pinned init=$IMAGE@$(digest u-root-unsigned)`,
	"of a template's, by digest": `kubectl set image -n old deployment/deployment \
		init=$IMAGE@$(digest u-root-unsigned)`,
	"debug, by digest": `kubectl debug -n old pod/pinned \
		--image=$IMAGE@$(digest u-root-unsigned) --attach=false`,
	"of a pod's init container": `kubectl set image -n old pod/pod init=$IMAGE:u-root-unsigned`,
	"of a CronJob":              `kubectl set image -n old cronjob/cronjob first=$IMAGE:u-root-another-ca`,
	"of a ReplicationController": `kubectl patch -n old rc/rc -p \
		"$(template first $IMAGE:u-root-another-ca)"`,
	"a digest comes":  `kubectl set image -n old deployment/deployment first=$IMAGE@$(digest u-root-unsigned)`,
	"the digest goes": `kubectl set image -n old deployment/deployment second=$IMAGE:u-root-unsigned`,
	"a tag comes": `kubectl set image -n old deployment/deployment \
		second=$IMAGE:u-root-unsigned@$(digest u-root-unsigned)`,
	"what one has, to another": `kubectl set image -n old deployment/deployment init=$IMAGE:u-root-unsigned`,
	"two swap": `kubectl set image -n old deployment/deployment first=$IMAGE@$(digest u-root-unsigned) \
		second=$IMAGE:u-root-unsigned`,
	"a signed one": `kubectl set image -n old deployment/deployment init=$IMAGE:u-root-single-platform`,
	"what is there, once more": `kubectl patch -n old deployment/deployment -p \
		"$(template third $IMAGE:u-root-unsigned)"`,
	"a container less": `kubectl patch -n old deployment/deployment --type json -p \
		'[{"op":"remove","path":"/spec/template/spec/initContainers/0"}]'`,
	"from one list to another": `kubectl patch -n old deployment/deployment --type json -p \
		'[{"op":"move","from":"/spec/template/spec/containers/0","path":"/spec/template/spec/initContainers/-"}]'`,
	"by a merge patch": `kubectl patch -n old deployment/deployment --type merge -p \
		"$(template only $IMAGE:u-root-unsigned)"`,
	"by server-side apply": `kubectl apply --server-side --force-conflicts -f - <<END
apiVersion: apps/v1
kind: Deployment
metadata: {name: deployment, namespace: old}
spec: {template: {spec: {containers: [{name: third, image: "$IMAGE:u-root-unsigned"}]}}}
END`,
	"by replacing": `kubectl get -n old deployment/deployment -o yaml |
		sed "s/:u-root-unsigned/:u-root-another-ca/" | kubectl replace -f -`,
	"of a volume": `kubectl patch -n old deployment/deployment --type json -p \
		'[{"op":"copy","from":"/spec/template/spec/containers/0/image",
		  "path":"/spec/template/spec/volumes/0/image/reference"}]'`,
	"one more volume": `kubectl patch -n old deployment/deployment --type json -p \
		'[{"op":"copy","from":"/spec/template/spec/volumes/0","path":"/spec/template/spec/volumes/-"},
		  {"op":"replace","path":"/spec/template/spec/volumes/2/name","value":"again"}]'`,
	"debug, by what the pod has": `kubectl debug -n old pod/pod --image=$IMAGE:u-root-unsigned --attach=false`,
	"a new pod": `kubectl get -n old pod/pod -o json |
		sed 's/"name": "pod"/"name": "copy"/' | kubectl create -f -`,
	"a Job of a CronJob": `kubectl create job -n old --from=cronjob/cronjob from-cronjob`,
	"another kind of an object": `kubectl get -n old rs -o yaml |
		sed 's/name: deployment-/name: copy-/' | kubectl create -f -`,
}

// sameImages are what goes on with objects from before the policies, when
// nothing can be verified any more. They are done in this order.
var sameImages = []struct{ name, commands string }{
	{"a label", `kubectl label -n old pod,deployment,rs,job,cronjob,rc --all a=b`},
	{"an annotation", `kubectl annotate -n old pod,deployment,rs,job,cronjob,rc --all a=b`},
	{"a merge patch", `kubectl patch -n old deployment/deployment --type merge -p '{"spec":{"paused":true}}'`},
	{"a JSON patch", `kubectl patch -n old deployment/deployment --type json \
		-p '[{"op":"replace","path":"/spec/paused","value":false}]'`},
	{"server-side apply", `kubectl apply --server-side -f - <<END
apiVersion: apps/v1
kind: Deployment
metadata: {name: deployment, namespace: old, labels: {applied: by-the-server}}
END`},
	{"a template that keeps its images", `kubectl set env -n old cronjob/cronjob A=b`},
	{"a volume that is no image", `kubectl patch -n old deployment/deployment --type json -p \
		'[{"op":"remove","path":"/spec/template/spec/volumes/1"}]'`},
	{"scaling", `kubectl scale -n old deployment/deployment rc/rc --replicas=0
kubectl wait -n old --for=delete pod --selector 'app in (deployment, rc)'`},
	{"suspending", `kubectl patch -n old cronjob/cronjob -p '{"spec":{"suspend":true}}'`},
	{"a pod's end, and its Job's", `kubectl patch -n old --subresource status \
		$(kubectl get pod -n old -o name --selector job-name=job) -p '{"status":{"phase":"Succeeded"}}'
kubectl wait -n old --for=condition=Complete job/job`},
	{"finalizers", `kubectl patch -n old deployment/deployment \
	-p '{"metadata":{"finalizers":["example.com/a"]}}'
kubectl delete -n old deployment/deployment --wait=false
kubectl patch -n old deployment/deployment -p '{"metadata":{"finalizers":null}}'
kubectl wait -n old --for=delete deployment/deployment`},
	{"deletion, dependents first", `kubectl delete -n old job/job --cascade=foreground`},
	{"deletion without dependents", `kubectl delete -n old rc/rc --cascade=orphan`},
	{"the end of a namespace", `kubectl delete namespace old`},
}

// TestDailyWork switches the policies on in a cluster that is in use, and asks
// for what an operator and an intruder would ask for then. The pods stay
// Pending, since there is no node.
func TestDailyWork(t *testing.T) {
	t.Parallel()
	for _, policy := range policyKinds {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, policy)
			d.do("kubectl delete -f $POLICIES")
			d.await(pod("$IMAGE:u-root-unsigned"), true)
			d.do(before)
			d.do("kubectl apply -f $POLICIES")
			d.await(pod("$IMAGE:u-root-unsigned"), false)
			d.await(pod("registry/BusyBox:x"), false)

			for name, commands := range newImages {
				t.Run(name, func(t *testing.T) { desk{&session{t: t}, d.use}.mustRefuse(commands) })
			}
			// Neither has a say in images.
			for _, subresource := range []string{"status", "resize"} {
				_, _ = d.try(`kubectl patch -n old pod/pod --subresource ` + subresource +
					` -p "{\"spec\":{\"containers\":[{\"name\":\"first\",\"image\":\"$IMAGE:u-root-another-ca\"}]}}"`)
			}
			image := d.do("kubectl get -n old pod/pod -o jsonpath='{.spec.containers[0].image}'")
			if !strings.HasSuffix(image, ":u-root-unsigned") {
				t.Errorf("a subresource has changed an image to %s", image)
			}

			// Trust and the registry are gone: it takes connections and never
			// answers.
			d.do(`kubectl patch configmap notation-ca -n kyverno --type merge -p '{"data":{"ca.crt":""}}'`)
			registry := d.child("registry-production")
			if err := syscall.Kill(registry, syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = syscall.Kill(registry, syscall.SIGCONT) }) // it may have ended
			for _, step := range sameImages {
				t.Run(step.name, func(t *testing.T) { desk{&session{t: t}, d.use}.do(step.commands) })
			}
		})
	}
}
