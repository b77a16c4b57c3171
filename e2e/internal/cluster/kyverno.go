package cluster

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"

	"container-signing/e2e/internal/await"
	"container-signing/e2e/internal/process"
	"container-signing/internal/pki"
)

var validatingWebhooks = schema.GroupVersionResource{
	Group: "admissionregistration.k8s.io", Version: "v1", Resource: "validatingwebhookconfigurations",
}

// The Secrets in which Kyverno looks for the certificate that its webhooks
// serve and for who vouches for it. They are named after its service.
const (
	service   = "kyverno-svc." + KyvernoNamespace + ".svc"
	caSecret  = service + ".kyverno-tls-ca"
	tlsSecret = service + ".kyverno-tls-pair"
)

// KyvernoSecrets are these Secrets, in the namespace of Kyverno's own objects.
func KyvernoSecrets() []string { return []string{caSecret, tlsSecret} }

// createCertificate gives Kyverno the certificate that it serves. Without one
// it makes its own, and takes three seconds for it: it looks for what is
// missing once a second, and each look makes one thing.
func createCertificate(ctx context.Context, client kubernetes.Interface) error {
	authority, err := pki.NewAuthority("kyverno", "EC-256")
	if err != nil {
		return err
	}
	server, err := authority.NewServer("kyverno", "127.0.0.1")
	if err != nil {
		return err
	}
	for name, certificate := range map[string]*pki.Certificate{caSecret: authority, tlsSecret: server} {
		key, err := certificate.KeyPEM()
		if err != nil {
			return err
		}
		secret := &corev1.Secret{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Type:       corev1.SecretTypeTLS,
			Data:       map[string][]byte{corev1.TLSCertKey: certificate.PEM(), corev1.TLSPrivateKeyKey: key},
		}
		if _, err := client.CoreV1().Secrets(KyvernoNamespace).Create(ctx, secret, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("creating Secret %q: %w", name, err)
		}
	}
	return nil
}

// startKyverno starts Kyverno's admission controller beside the API server,
// which is its own way to run out of a cluster: its webhooks then name a URL
// instead of a service. It returns when Kyverno has registered the webhook
// that checks policies, and its server answers.
func (c *Cluster) startKyverno(ctx context.Context, program string) error {
	port, err := process.LastingPort()
	if err != nil {
		return err
	}
	c.webhooks = net.JoinHostPort("127.0.0.1", port)
	c.command = func(port string) process.Command {
		return process.Command{
			Name: "kyverno", Path: program, Args: kyvernoArgs(c.files.kyvernoKubeconfig, c.webhooks, port),
			Env: append(kyvernoEnvironment(), process.FewerCollections),
		}
	}
	if c.kyverno, err = c.processes.Start(c.command(port)); err != nil {
		return err
	}
	err = await.Objects(ctx, c.Config, validatingWebhooks, 1, checksPolicies)
	if err == nil {
		err = await.Answer(ctx, "Kyverno's server answers", handshake(port))
	}
	if err != nil {
		return c.kyverno.Explain(err)
	}
	return nil
}

// handshake asks for a TLS connection. Kyverno registers its webhooks after it
// has begun to listen, beside that: so it answers at once, or almost.
func handshake(port string) func(context.Context) error {
	// Only that there is a certificate is asked; the API server checks whose
	// it is.
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true}}
	return func(ctx context.Context) error {
		connection, err := dialer.DialContext(ctx, "tcp", "127.0.0.1:"+port)
		if err != nil {
			return err
		}
		return connection.Close()
	}
}

func checksPolicies(webhooks *unstructured.Unstructured) bool {
	return strings.HasPrefix(webhooks.GetName(), "kyverno-policy-validating-webhook-cfg")
}

// kyvernoArgs has the API server ask at an address, and Kyverno listen at a port.
func kyvernoArgs(kubeconfig, address, port string) []string {
	return []string{
		"--kubeconfig=" + kubeconfig,
		"--serverIP=" + address, "--webhookServerHost=127.0.0.1", "--webhookServerPort=" + port,
		"--caSecretName=" + caSecret, "--tlsSecretName=" + tlsSecret,
		"--backgroundServiceAccountName=system:serviceaccount:kyverno:kyverno-background-controller",
		"--reportsServiceAccountName=system:serviceaccount:kyverno:kyverno-reports-controller",
		// The registries of a run speak plain HTTP. Policies that name
		// credentials of their own replace this.
		"--allowInsecureRegistry=true",
		// Reports and events of what was refused are for people who look into a
		// cluster later. The verdicts of a run are the API server's answers.
		"--admissionReports=false", "--omitEvents=PolicyViolation,PolicyApplied,PolicyError,PolicySkipped",
		// It would remember for an hour by which signature and CA an image was
		// verified, whatever becomes of these.
		"--imageVerifyCacheEnabled=false",
		// Even without metrics it would listen for those who want them, at
		// port 8000 of all addresses, unless they go elsewhere.
		"--disableMetrics=true", "--otelConfig=none", "--controllerRuntimeMetricsAddress=0",
		"--clientRateLimitQPS=500", "--clientRateLimitBurst=500",
		"--disableLogColor=true",
	}
}

// kyvernoEnvironment says what the downward API and Helm's values tell
// Kyverno inside a cluster.
func kyvernoEnvironment() []string {
	return []string{
		"KYVERNO_NAMESPACE=" + KyvernoNamespace,
		"KYVERNO_SERVICEACCOUNT_NAME=" + kyvernoAccount,
		"KYVERNO_ROLE_NAME=" + kyvernoRole,
		"KYVERNO_DEPLOYMENT=" + kyvernoAccount,
		"KYVERNO_POD_NAME=" + kyvernoAccount,
		"KYVERNO_SVC=kyverno-svc",
		"INIT_CONFIG=kyverno", "METRICS_CONFIG=kyverno-metrics",
	}
}
