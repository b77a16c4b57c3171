package judge

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"container-signing/e2e/internal/apiservertest"
	"container-signing/e2e/internal/report"
	"container-signing/e2e/internal/workload"
)

// A trialCase is a workload and what has to be found out about it.
type trialCase struct {
	manifest string
	passed   bool
	seen     string
	says     string // part of the failure, the reason or the detail
}

// The webhook of these tests knows images by the name after the slash.
var trialCases = map[string]trialCase{
	"admit/signed":    {pod("signed", "signed"), true, report.Admitted, "pinned"},
	"admit/users-own": {pod("users-own", "example.test/signed:v2"), true, report.Admitted, "pinned"},
	"admit/unpinned": {
		pod("unpinned", "example.test/unpinned:v1"),
		false, report.Admitted, "without being pinned",
	},
	"admit/repinned": {
		pod("repinned", "repinned"),
		false, report.Admitted,
		"pinned to another digest than " + signedDigest,
	},
	"admit/unsigned": {
		pod("admit-unsigned", "unsigned"),
		false, report.Refused, "document 1 must be admitted",
	},
	"admit/update": {
		pod("update", "signed") + "---\n" + pod("update", "signed-too"),
		true, report.Admitted, "pinned",
	},
	"admit/ephemeral": {
		pod("ephemeral", "signed") + "---\n" + pod("ephemeral", "signed") + ephemeral("signed-too"),
		true, report.Admitted, "pinned",
	},
	"admit/deployment": {
		controller("Deployment", "deployment", "signed"),
		true, report.Admitted, "template and pod pinned",
	},
	"admit/deployment-update": {
		controller("Deployment", "rollout", "signed") + "---\n" + controller("Deployment", "rollout", "signed-too"),
		true, report.Admitted, "template and pod pinned",
	},
	"admit/deployment-of-none": {
		strings.Replace(controller("Deployment", "none", "signed"), "spec:", "spec:\n  replicas: 0", 1),
		true, report.Admitted, "no pod was judged: its replicas are 0",
	},
	"admit/pod-refused-later": {
		controller("Deployment", "later", "example.test/laterunsigned:v1"),
		false, report.Admitted, "its pods: one was refused: ",
	},
	"admit/replicaset-update": {
		controller("ReplicaSet", "stay", "signed") + "---\n" + controller("ReplicaSet", "stay", "signed-too"),
		true, report.Admitted, "stay as they are",
	},
	"admit/statefulset": {
		controller("StatefulSet", "statefulset", "signed"),
		true, report.Admitted, "template and pod pinned",
	},
	"admit/daemonset": {
		strings.Replace(
			controller("DaemonSet", "daemonset", "signed"),
			"containers:", "nodeSelector: {there: not}\n      containers:", 1,
		),
		true, report.Admitted, "there is no node for it",
	},
	"admit/daemonset-on-node": {
		strings.Replace(
			controller("DaemonSet", "on-node", "signed"),
			"containers:", "tolerations: [{operator: Exists}]\n      containers:", 1,
		),
		true, report.Admitted, "template and pod pinned",
	},
	"admit/replicationcontroller": {
		replicationController("old", "signed"),
		true, report.Admitted, "template and pod pinned",
	},
	"admit/job": {job("job", "signed"), true, report.Admitted, "template and pod pinned"},
	"admit/job-suspended": {
		strings.Replace(job("suspended", "signed"), "spec:", "spec:\n  suspend: true", 1),
		true, report.Admitted, "its field suspend is true",
	},
	"admit/cronjob": {
		cronJob("cron", "signed"),
		true, report.Admitted, "a Job made of it: template and pod pinned",
	},
	"admit/cronjob-refused-later": {
		cronJob("cron-later", "example.test/laterunsigned:v1"),
		false, report.Admitted, "its pods: one was refused: ",
	},

	"deny/unsigned": {
		denied(pod("unsigned", "unsigned"), "unsigned"),
		true, report.Refused, "Policy require-notation failed: no signature on",
	},
	"deny/clusterstyle": {
		denied(pod("clusterstyle", "example.test/clusterstyle:v1"), "example.test/clusterstyle:v1"),
		true, report.Refused, "require-notation:\n",
	},
	"deny/update": {
		pod("deny-update", "signed") + "---\n" + denied(pod("deny-update", "unsigned"), "unsigned"),
		true, report.Refused, "no signature on",
	},
	"deny/ephemeral": {
		pod("deny-ephemeral", "signed") + "---\n" +
			denied(pod("deny-ephemeral", "signed")+ephemeral("unsigned"), "unsigned"),
		true, report.Refused, "no signature on",
	},
	"deny/signed": {
		denied(pod("deny-signed", "signed"), "signed"),
		false, report.Admitted, `must be refused by policy "require-notation"`,
	},
	"deny/too-early": {
		pod("early", "unsigned") + "---\n" + denied(pod("early", "unsigned"), "unsigned"),
		false, report.Refused, "document 1 must be admitted",
	},
	"deny/otherpolicy": {
		denied(pod("otherpolicy", "example.test/otherpolicy:v1"), "example.test/otherpolicy:v1"),
		false, report.Refused, "isn't named as the one that refuses",
	},
	"deny/otherreason": {
		denied(pod("otherreason", "example.test/otherreason:v1"), "example.test/otherreason:v1"),
		false, report.Refused, "nothing in it matches",
	},
	"deny/otherimage": {
		denied(pod("otherimage", "example.test/otherimage:v1"), "example.test/otherimage:v1"),
		false, report.Refused, `image "example.test/otherimage:v1" isn't named`,
	},
	"deny/silent": {
		denied(pod("silent", "example.test/silent:v1"), "example.test/silent:v1"),
		false, report.Refused, "isn't named as the one that refuses",
	},
	"deny/broken": {
		denied(pod("broken", "example.test/broken:v1"), "example.test/broken:v1"),
		false, report.Failed, "failed calling webhook",
	},
	"deny/invalid": {denied(pod("In_Valid", "unsigned"), "unsigned"), false, report.Failed, "In_Valid"},
	"deny/other-namespace": {
		strings.Replace(
			denied(pod("elsewhere", "unsigned"), "unsigned"),
			"metadata:", "metadata:\n  namespace: elsewhere", 1,
		),
		true, report.Refused, "no signature on",
	},
}

var testImages = Images{
	"signed":     {Reference: "example.test/signed:v1", Digest: signedDigest},
	"signed-too": {Reference: "example.test/signed@" + signedDigest, Digest: signedDigest},
	"repinned":   {Reference: "example.test/repinned:v1", Digest: signedDigest},
	"unsigned":   {Reference: "example.test/unsigned:v1", Digest: otherDigest},
}

func pod(name, image string) string {
	return fmt.Sprintf(
		"apiVersion: v1\nkind: Pod\nmetadata:\n  name: %s\nspec:\n  containers:\n    - {name: main, image: %q}\n", name,
		image,
	)
}

// inNamespace makes a manifest name its namespace.
func inNamespace(name, manifest string) string {
	return strings.Replace(manifest, "metadata:", "metadata:\n  namespace: "+name, 1)
}

func ephemeral(image string) string {
	return fmt.Sprintf("  ephemeralContainers:\n    - {name: debug, image: %q}\n", image)
}

func controller(kind, name, image string) string {
	return fmt.Sprintf(`apiVersion: apps/v1
kind: %[1]s
metadata:
  name: %[2]s
spec:
  selector: {matchLabels: {app: %[2]s}}
  template:
    metadata: {labels: {app: %[2]s}}
    spec:
      containers:
        - {name: main, image: %[3]q}
`, kind, name, image)
}

func replicationController(name, image string) string {
	manifest := strings.Replace(controller("ReplicationController", name, image), "apps/v1", "v1", 1)
	return strings.Replace(manifest, "{matchLabels: {app: "+name+"}}", "{app: "+name+"}", 1)
}

func job(name, image string) string {
	return fmt.Sprintf(
		"apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: %s\nspec:\n  template: %s\n", name,
		jobTemplate(image),
	)
}

func cronJob(name, image string) string {
	return fmt.Sprintf(
		"apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: %s\n"+
			"spec: {schedule: '@yearly', jobTemplate: {spec: {template: %s}}}\n",
		name,
		jobTemplate(image),
	)
}

func jobTemplate(image string) string {
	return fmt.Sprintf("{spec: {restartPolicy: Never, containers: [{name: main, image: %q}]}}", image)
}

// awaitWebhooks waits until the API server has taken notice of both webhooks:
// the one refuses the image that the other has pinned.
func awaitWebhooks(t *testing.T, options Options) {
	t.Helper()
	manifest := strings.Replace(
		denied(pod("probe", "unsigned"), "unsigned"),
		"no signature|another wording", "no signature on [^ ]*@sha256", 1,
	)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	probe := load(t, map[string]trialCase{"deny/probe": {manifest: manifest}})
	if err := AwaitEnforced(ctx, options, probe); err != nil {
		t.Fatal(err)
	}
}

// createNode makes the cluster have a node, on which nothing runs.
func createNode(t *testing.T, config *rest.Config) {
	t.Helper()
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node"}}
	if _, err := client.CoreV1().Nodes().Create(t.Context(), node, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

func denied(manifest, image string) string {
	return strings.Replace(manifest, "metadata:", fmt.Sprintf(`metadata:
  annotations:
    container-signing/refused-by: require-notation
    container-signing/because: no signature|another wording
    container-signing/refused-image: %q`, image), 1)
}

// TestRun judges by a real API server with a webhook that plays all the tricks
// that a verdict must not be taken in by.
func TestRun(t *testing.T) {
	if testing.Short() {
		t.Skip("it needs the built tools")
	}
	config := apiservertest.Start(t)
	createNode(t, config)
	registerWebhooks(t, config)
	awaitWebhooks(t, Options{Config: config, Images: testImages})
	workloads := load(t, trialCases)
	var told []string
	verdicts, err := Run(t.Context(), Options{
		Config: config, Images: testImages, Limit: 20 * time.Second,
		OnVerdict: func(v report.Verdict) { told = append(told, v.Workload) },
	}, workloads)
	if err != nil {
		t.Fatal(err)
	}
	if len(verdicts) != len(trialCases) || len(told) != len(trialCases) {
		t.Fatalf("%d verdicts, %d told, want %d", len(verdicts), len(told), len(trialCases))
	}
	for i, v := range verdicts {
		want := trialCases[v.Workload]
		if v.Workload != workloads[i].Name {
			t.Errorf("verdict %d is about %s, want %s", i, v.Workload, workloads[i].Name)
		}
		says := v.Failure + "\n" + v.Reason + "\n" + v.Detail
		if v.Passed != want.passed || v.Seen != want.seen || !strings.Contains(says, want.says) {
			t.Errorf(
				"%s: passed %v, seen %s, says %q; want %v, %s, %q", v.Workload, v.Passed, v.Seen, says, want.passed,
				want.seen, want.says,
			)
		}
		if v.Passed == (v.Failure != "") {
			t.Errorf("%s: passed is %v with failure %q", v.Workload, v.Passed, v.Failure)
		}
	}
	t.Run("cleanup", func(t *testing.T) { checkCleanup(t, Options{Config: config}) })
	t.Run(
		"cancelled",
		func(t *testing.T) { checkCancelled(t, Options{Config: config, Images: testImages}, workloads[:4]) },
	)
}

// checkCleanup checks that the namespaces that a run has made are going.
func checkCleanup(t *testing.T, options Options) {
	client, err := kubernetes.NewForConfig(options.Config)
	if err != nil {
		t.Fatal(err)
	}
	namespaces, err := client.CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, namespace := range namespaces.Items {
		ours := strings.HasPrefix(namespace.Name, "workloads-") || namespace.Name == "elsewhere"
		if ours && namespace.DeletionTimestamp == nil {
			t.Errorf("namespace %s was left behind", namespace.Name)
		}
	}
	_, err = client.CoreV1().Pods("elsewhere").Get(t.Context(), "elsewhere", metav1.GetOptions{})
	if !apierrors.IsNotFound(err) {
		t.Errorf("pod elsewhere: %v, want that it isn't there", err)
	}
}

// checkCancelled checks that an interrupted run says so and judges nothing as
// passed.
func checkCancelled(t *testing.T, options Options, workloads []workload.Workload) {
	ctx, cancel := context.WithCancelCause(t.Context())
	interrupted := fmt.Errorf("interrupted")
	options.Parallel = 1
	options.OnVerdict = func(report.Verdict) { cancel(interrupted) }
	verdicts, err := Run(ctx, options, workloads)
	if err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("got %v, want that it was interrupted", err)
	}
	for _, v := range verdicts[1:] {
		if v.Passed || v.Seen == report.Refused {
			t.Errorf("%s passed after the run was cancelled: %+v", v.Workload, v)
		}
	}
}

func load(t *testing.T, cases map[string]trialCase) []workload.Workload {
	t.Helper()
	dir := t.TempDir()
	for name, c := range cases {
		path := filepath.Join(dir, name+".yaml")
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(c.manifest), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	workloads, err := workload.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return workloads
}
